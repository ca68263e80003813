import * as fc from "fast-check";
import { expect, test } from "vitest";
import { atStops } from "../../../src/cli/terminal/stops.ts";
import { fields, table } from "../../../src/cli/terminal/table.ts";
import type { Column, Field } from "../../../src/cli/terminal/table.ts";

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

type Node = { name: string; state: string; heard: string; driver: string; error: string | null };
const nodeColumns: Column<Node>[] = [
  { title: "NODE", value: ({ name }) => name, keep: true },
  { title: "STATE", value: ({ state }) => state, keep: true },
  { title: "HEARD", value: ({ heard }) => heard, whole: true },
  { title: "DRIVER", value: ({ driver }) => driver },
  { title: "ERROR", value: ({ error }) => error, text: true },
];
const node: Node = {
  name: "n1",
  state: "online, draining",
  heard: "1m 49s ago",
  driver: "local 1",
  error: null,
};

test("what is kept or whole is never cut before what is neither", () => {
  const long = { ...node, state: "online, draining, braked", driver: "local 1 (a system each: namespaces)" };
  expect(table(nodeColumns, [long], 60)).toEqual([
    "NODE  STATE                     HEARD       DRIVER",
    "n1    online, draining, braked  1m 49s ago  local 1 (a syst…",
  ]);
});

test("what is whole is left out before it is cut, and what is kept goes below the row, whole", () => {
  const long = { ...node, name: "a-host-with-a-long-name", state: "online, draining, braked" };
  expect(table(nodeColumns, [long], 30)).toEqual([
    "NODE",
    "a-host-with-a-long-name",
    "  STATE online, draining,",
    "  braked",
    "  HEARD 1m 49s ago",
    "  DRIVER local 1",
  ]);
});

test("sentences are wrapped beside the row while there is room, else below it, and nothing is cut for them", () => {
  const said = { ...node, error: "the disk under it was pulled by somebody, and nobody knows who" };
  expect(table(nodeColumns, [said, node], 80)).toEqual([
    "NODE  STATE             HEARD       DRIVER   ERROR",
    "n1    online, draining  1m 49s ago  local 1  the disk under it was pulled by",
    "                                             somebody, and nobody knows who",
    "n1    online, draining  1m 49s ago  local 1  -",
  ]);
  expect(table(nodeColumns, [said, node], 60)).toEqual([
    "NODE  STATE             HEARD       DRIVER",
    "n1    online, draining  1m 49s ago  local 1",
    "  ERROR the disk under it was pulled by somebody, and nobody",
    "  knows who",
    "n1    online, draining  1m 49s ago  local 1",
  ]);
});

test("in a file or a pipe a table is as wide as it is", () => {
  const said = { ...node, error: "x ".repeat(200).trim() };
  const lines = table(nodeColumns, [said], Number.POSITIVE_INFINITY);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain(said.error);
});

const word = fc.string({ unit: fc.constantFrom(..."abcde"), minLength: 1, maxLength: 30 });
const words = fc.array(word, { minLength: 1, maxLength: 8 }).map((each) => each.join(" "));
const cell = fc.oneof(word, words);

test("whatever is in a table, what is kept is there whole, sentences too, and no line is too long", () => {
  const row = fc.record({ name: word, state: cell, heard: word, driver: cell, error: fc.option(words) });
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 38, max: 120 }),
      (rows, room) => {
        const lines = table(nodeColumns, rows, room);
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(room);
        // Where a cell stands on several lines its words do, in their order.
        const all = lines.join(" ");
        for (const { name, state, error } of rows)
          for (const each of [name, ...state.split(" "), ...(error ?? "").split(" ")])
            expect(all).toContain(each);
      },
    ),
  );
});

test("atStops: each cell at its stop; what does not fit goes to the next line, whole", () => {
  const stops = [0, 10, 20, 30];
  expect(atStops(["one", "two", "", "four"], stops, 40)).toEqual(["one       two                 four"]);
  expect(atStops(["one", "longer than its stop", "three", "four"], stops, 40)).toEqual([
    "one       longer than its stop  three",
    "                              four",
  ]);
  expect(atStops(["one", "two", "three", "admin:somebody-with-a-name"], stops, 40)).toEqual([
    "one       two       three",
    "          admin:somebody-with-a-name",
  ]);
  expect(atStops(["one", "words that are too long for any line of it"], stops, 40)).toEqual([
    "one",
    "          words that are too long for",
    "          any line of it",
  ]);
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
