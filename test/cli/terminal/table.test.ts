import { expect, test } from "vitest";
import { fields, table } from "../../../src/cli/terminal/table.ts";
import type { Field } from "../../../src/cli/terminal/table.ts";

type Row = { name: string; count: number; remark: string | null };
const columns = [
  { title: "NAME", value: (row: Row) => row.name, keep: true as const },
  { title: "COUNT", value: (row: Row) => row.count, align: "right" as const },
  { title: "REMARK", value: (row: Row) => row.remark },
];

test("columns are as wide as they need, numbers stand right, nothing is a dash", () => {
  const rows = [
    { name: "one", count: 7, remark: "fine" },
    { name: "another", count: 1200, remark: null },
  ];
  expect(table(columns, rows, 80)).toEqual([
    "NAME     COUNT  REMARK",
    "one          7  fine",
    "another   1200  -",
  ]);
});

test("what does not fit is cut where it is widest, and never in a column to copy from", () => {
  const name = "wp-a-long-machine-name-000123";
  const lines = table(columns, [{ name, count: 1, remark: "a remark that is far too long for it" }], 50);
  expect(lines[1]).toBe(`${name}      1  a remark th…`);
  expect(lines.every((line) => line.length <= 50)).toBe(true);
});

test("cells are cleaned of what could move the cursor", () => {
  expect(table(columns, [{ name: "a\u001b[2J\nb", count: 1, remark: "" }], 80)[1]).toBe(
    "a\\u001b[2J ⏎b      1",
  );
});

test("fields stand beside their names, wrapped, without those that have no value", () => {
  const pairs: Field[] = [
    ["pool", "demo"],
    ["error", "this text is too long for one line"],
    ["copy", "a command that is too long for it", "whole"],
    ["expires", null],
  ];
  expect(fields(pairs, 26)).toEqual([
    "pool   demo",
    "error  this text is too",
    "       long for one line",
    "copy   a command that is too long for it",
  ]);
});

test("no fields are no lines", () => {
  expect(fields([], 80)).toEqual([]);
});
