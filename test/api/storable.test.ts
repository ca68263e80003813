import { expect, test } from "vitest";
import { unstorable } from "../../src/api/storable.ts";

test("what Postgres cannot store as text is named with its place", () => {
  expect(unstorable({ a: ["x", { b: "y\0" }] }, "")).toMatch(/^a\[1\]\.b: contains a NUL/);
  expect(unstorable({ a: "\ud800" }, "")).toMatch(/^a: contains half a character/);
  expect(unstorable({ "a\0": 1 }, "")).toMatch(/field whose name/);
  expect(unstorable({ a: ["x", { b: null }], c: 1 }, "")).toBeNull();
});

test("nesting without end is refused and costs no stack", () => {
  const deep: unknown = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
  expect(unstorable(deep, "")).toBe("input: is nested deeper than 64");
});
