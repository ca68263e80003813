import type { Checker } from "typescript/unstable/sync";
import { type Node, type SourceFile, SyntaxKind } from "typescript/unstable/ast";
import { isBinaryExpression, isElementAccessExpression } from "typescript/unstable/ast/is";
import { expect, test } from "vitest";
import { openSources, visit } from "./sources.ts";

/**
 * Names come from outside (a parameter, an output, an account), and every object inherits some: `constructor`, `toString`.
 * So no object is indexed by a name that is not written down in the code: `own` (src/contract/own.ts) looks one up, and
 * `recordOf` (src/contract/record.ts) parses such objects; what the Incus daemon has configured is read by written names only.
 */
test(
  "no object is indexed by a name that may be anything, nor parsed by z.record, which drops some",
  { timeout: 240_000 },
  () => {
    using program = openSources({ config: "test/lint/tsconfig.json" });
    const found = program.files.flatMap(({ name, file }) => [
      ...(name === "src/contract/own.ts"
        ? []
        : indexed(file, program.checker).map((text) => `${name}: ${text}`)),
      ...(/^src\/(?:contract\/record\.ts$|relay\/drivers\/incus\/)/.test(name)
        ? []
        : (file.text.match(/\bz\.(?:partialR|looseR|r)ecord\(/g) ?? []).map((text) => `${name}: ${text}`)),
    ]);
    expect(found).toEqual([]);
  },
);

/** Every place where something is indexed by a text that may be any, or asked by `in` whether it has one. */
function indexed(file: SourceFile, checker: Checker): string[] {
  const places: { key: Node; text: string }[] = [];
  visit(file, (node) => {
    if (isElementAccessExpression(node) && !isWritten(node.argumentExpression))
      places.push({ key: node.argumentExpression, text: node.getText(file) });
    if (isBinaryExpression(node) && node.operatorToken.kind === SyntaxKind.InKeyword && !isWritten(node.left))
      places.push({ key: node.left, text: node.getText(file) });
  });
  // One of a few names that are written down, as of a table, is another type than `string`.
  const types = checker.getTypeAtLocation(places.map(({ key }) => key));
  return places.flatMap(({ text }, at) => {
    const type = types[at];
    return type !== undefined && checker.typeToString(type) === "string" ? [text] : [];
  });
}

function isWritten({ kind }: Node): boolean {
  return kind === SyntaxKind.StringLiteral || kind === SyntaxKind.NumericLiteral;
}
