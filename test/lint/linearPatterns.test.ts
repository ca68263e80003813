import { readdirSync, readFileSync } from "node:fs";
import { parseSync, Visitor } from "oxc-parser";
import { analyse } from "scslre";
import { expect, test } from "vitest";

/**
 * JavaScript's regular expressions backtrack: on the wrong text some take time that grows with its square, or worse, and
 * nobody else is served meanwhile. Every one in the sources is checked, whoever's text it meets, and none is put together
 * at run time: patterns of recipes have an engine of their own (src/domain/recipes/pattern.ts).
 */
test("no regular expression in the sources is slower than linear, and none is made of a text", () => {
  const found: string[] = [];
  let checked = 0;
  for (const file of readdirSync("src", { recursive: true, encoding: "utf8" })) {
    if (!/\.tsx?$/.test(file)) continue;
    const name = `src/${file}`;
    const { program, errors } = parseSync(name, readFileSync(name, "utf8"));
    expect(errors).toEqual([]);
    new Visitor({
      Literal: (node) => {
        if (!("regex" in node)) return;
        checked += 1;
        const text = `/${node.regex.pattern}/${node.regex.flags}`;
        found.push(...slowness(text).map((why) => `${name}: ${text} ${why}`));
      },
      Identifier: (node) => void (node.name === "RegExp" && found.push(`${name}: RegExp`)),
    }).visit(program);
  }
  expect(found).toEqual([]);
  expect(checked).toBeGreaterThan(80);
});

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
