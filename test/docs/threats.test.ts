import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** The threat model names for each attack the tests that hold it off. */

const PAGE = readFileSync(new URL("../../SECURITY.md", import.meta.url), "utf8");

/** The rows of the tables whose last column is headed `test`. */
const threats = PAGE.split("\n\n")
  .filter((block) => /^\|[^\n]*\| test \|\n/.test(block))
  .flatMap((block) => block.split("\n").slice(2))
  .filter((row) => row.startsWith("|"))
  .map((row) => ({
    row,
    tests:
      row
        .split(" | ")
        .at(-1)
        ?.match(/test\/[\w./-]+/g) ?? [],
  }));

test("every attack of the threat model names tests, and each of them is there", () => {
  expect(threats.length).toBeGreaterThan(20);
  for (const { row, tests } of threats) {
    expect(tests.length, row).toBeGreaterThan(0);
    for (const path of tests) {
      expect(path).toMatch(/\.(test|incus)\.ts$/);
      expect(existsSync(new URL(`../../${path}`, import.meta.url)), path).toBe(true);
    }
  }
});

test("each finding of the outside trial has its row", () => {
  const named = threats.flatMap(({ row }) => row.match(/\(S\d+\)/g) ?? []);
  const all = Array.from({ length: 11 }, (_, n) => `(S${n + 1})`);
  expect([...new Set(named)].toSorted()).toEqual(all.toSorted());
});
