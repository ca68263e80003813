import { expect, test } from "vitest";
import { unnamedPool } from "../../src/contract/unnamedPool.ts";

test.each<[string[], string | null, string | null]>([
  [[], null, null],
  [["demo"], null, "demo"],
  [["demo", "second"], null, null],
  [["demo", "second"], "second", "second"],
  [["demo", "default"], null, "default"],
  [["demo", "default"], "demo", "demo"],
  [["demo", "second"], "removed", null],
])("pools %j with the default %j: callers that name none mean %j", (names, chosen, meant) => {
  expect(unnamedPool(names.map((name) => ({ name, isDefault: name === chosen })))).toBe(meant);
});
