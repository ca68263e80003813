import { analyse } from "scslre";
import { SyntaxKind } from "typescript/unstable/ast";
import { expect, test } from "vitest";
import { openSources, visit } from "./sources.ts";

/**
 * JavaScript's regular expressions backtrack: on the wrong text some take time that grows with its square, or worse, and
 * nobody else is served meanwhile. Every one in the sources is checked, whoever's text it meets, and none is put together
 * at run time: patterns of recipes have an engine of their own (src/domain/recipes/pattern.ts).
 */
test(
  "no regular expression in the sources is slower than linear, and none is made of a text",
  { timeout: 240_000 },
  () => {
    using sources = openSources();
    const found: string[] = [];
    let checked = 0;
    for (const { name, file } of sources.files) {
      visit(file, (node) => {
        const text = node.kind === SyntaxKind.RegularExpressionLiteral ? node.getText(file) : null;
        if (text !== null) {
          checked += 1;
          found.push(...slowness(text).map((why) => `${name}: ${text} ${why}`));
        }
        if (node.kind === SyntaxKind.Identifier && node.getText(file) === "RegExp")
          found.push(`${name}: RegExp`);
      });
    }
    expect(found).toEqual([]);
    expect(checked).toBeGreaterThan(80);
  },
);

test.each([
  "/([a-z0-9]+-?)+(\\.[a-z]+)*$/",
  "/\\s+$/",
  "/^(\\w|\\d)*$/",
  "/^\\s*(.*)\\s*$/",
  "/^::progress (?: +(.*))?$/",
])("%s would be found", (text) => {
  expect(slowness(text)).not.toEqual([]);
});

/** What is slow about a literal, on some text; of alternatives that are repeated nobody here can tell, and none are. */
function slowness(literal: string): string[] {
  const end = literal.lastIndexOf("/");
  const parts = { source: literal.slice(1, end), flags: literal.slice(end + 1) };
  const repeated = /\([^()]*\|[^()]*\)(?:[*+]|\{\d+,\})/.test(parts.source) ? ["repeats alternatives"] : [];
  return [
    ...repeated,
    ...analyse(parts).reports.map(
      ({ type, exponential }) => `is ${exponential ? "exponential" : "polynomial"} (${type})`,
    ),
  ];
}
