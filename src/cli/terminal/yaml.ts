import { Document, visit } from "yaml";
import { escaped } from "../../contract/foreign.ts";

/**
 * A value as YAML that may be shown on a terminal. What a terminal would obey is escaped as in JSON, which YAML allows
 * between double quotes only, so texts that hold any stand there. Texts that YAML 1.1 takes for something else (`no`,
 * a date) are quoted, because many readers still do. Imported only by runs that print YAML.
 */
export function yamlText(value: unknown): string {
  const document = new Document(value, { compat: "yaml-1.1", aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === "string" && escaped(node.value, "\n") !== node.value)
        node.type = "QUOTE_DOUBLE";
    },
  });
  return escaped(document.toString({ lineWidth: 0, doubleQuotedAsJSON: true }), "\n");
}
