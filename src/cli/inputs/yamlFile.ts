import { parseAllDocuments } from "yaml";
import { CliError, EXIT } from "../terminal/exit.ts";

/**
 * The documents of a YAML file as plain values, aliases included but bounded. Imported only by runs that read YAML.
 * @throws CliError (wrong use) with the line of what is no YAML
 */
export function yamlDocuments(file: string, text: string): unknown[] {
  try {
    const documents = parseAllDocuments(text);
    return Array.from(documents, (document) => {
      const [error] = document.errors;
      if (error !== undefined) throw error;
      return document.toJS({ maxAliasCount: 100 }) as unknown;
    });
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new CliError(EXIT.wrongUse, `${file} is no YAML: ${why.replace(/[:.]$/, "")}.`);
  }
}
