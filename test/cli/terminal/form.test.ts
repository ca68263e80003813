import { expect, test } from "vitest";
import { asksForWhole, formOf } from "../../../src/cli/terminal/form.ts";
import type { FormOptions } from "../../../src/cli/terminal/form.ts";
import { EXIT } from "../../../src/cli/terminal/exit.ts";
import { csvText } from "../../../src/cli/terminal/csv.ts";
import { listOf, more, oneOf, pageOf, tabular } from "../../../src/cli/terminal/listing.ts";
import type { Column } from "../../../src/cli/terminal/table.ts";

type Row = { name: string; count: number; at: string };
const COLUMNS: Column<Row>[] = [
  { title: "NAME", value: ({ name }) => name, keep: true },
  { title: "IN USE", value: ({ count }) => `${count} of 9`, raw: ({ count }) => count, align: "right" },
  { title: "", name: "NOTE", value: () => "fine" },
  more("AT", ({ at }) => at),
];
const ROWS: Row[] = [
  { name: "one", count: 1, at: "2026-11-30" },
  { name: "a, b", count: 2, at: "2026-12-01" },
];

function lines(options: FormOptions, width = 80) {
  const shown = tabular(formOf(options, COLUMNS), listOf(COLUMNS), ROWS, width);
  if (shown === null) return null;
  return "lines" in shown ? shown.lines : csvText(shown.records).split("\r\n").slice(0, -1);
}

const LISTS: [FormOptions, string[] | null][] = [
  [{}, null],
  [{ output: "table" }, null],
  [
    { output: "wide" },
    ["NAME  IN USE  NOTE  AT", "one   1 of 9  fine  2026-11-30", "a, b  2 of 9  fine  2026-12-01"],
  ],
  [{ output: "csv" }, ["NAME,IN USE,NOTE,AT", "one,1,fine,2026-11-30", '"a, b",2,fine,2026-12-01']],
  [{ output: "csv", columns: ["at", "in-use"], headers: false }, ["2026-11-30,1", "2026-12-01,2"]],
  [{ columns: ["note", "Name"] }, ["NOTE  NAME", "fine  one", "fine  a, b"]],
  [{ headers: false }, ["one   1 of 9  fine", "a, b  2 of 9  fine"]],
  [{ output: "wide", columns: ["at"], headers: false }, ["2026-11-30", "2026-12-01"]],
];

test.each(LISTS)("a list with %j", (options, expected) => {
  expect(lines(options)).toEqual(expected);
});

test("columns that were asked for: a narrow terminal → none is cut or left out", () => {
  expect(lines({ output: "wide" }, 12)).toEqual(lines({ output: "wide" }, 200));
  expect(lines({ columns: ["name", "at", "note"] }, 12)).toEqual(
    lines({ columns: ["name", "at", "note"] }, 200),
  );
});

test("a record: -o table and --no-headers → its own view; --columns and csv → a row", () => {
  const of = (options: FormOptions) =>
    tabular(formOf(options, COLUMNS), oneOf(COLUMNS), { name: "one", count: 1, at: "now" }, 80);
  expect(of({ headers: false })).toBeNull();
  expect(of({ output: "table" })).toBeNull();
  expect(of({ columns: ["NAME"], headers: false })).toEqual({ lines: ["one"] });
  expect(of({ output: "csv", columns: ["NAME"] })).toEqual({ records: [["NAME"], ["one"]] });
});

test("NAME: the first column if it holds names, whatever its title", () => {
  const titled = COLUMNS.map((column, at) => (at === 0 ? { ...column, title: "MACHINE" } : column));
  const form = formOf({ columns: ["name", "machine"] }, titled);
  expect(tabular(form, listOf(titled), ROWS.slice(0, 1), 80)).toEqual({
    lines: ["MACHINE  MACHINE", "one      one"],
  });
  expect(() => formOf({ columns: ["name"] }, COLUMNS.slice(1))).toThrow("there is no column name.");
});

test("an empty page as CSV → the names of the columns alone", () => {
  expect(tabular(formOf({ output: "csv" }, COLUMNS), pageOf(COLUMNS), { items: [] }, 80)).toEqual({
    records: [["NAME", "IN USE", "NOTE", "AT"]],
  });
});

const REFUSED: [FormOptions, typeof COLUMNS | null, string][] = [
  [
    { columns: ["NAME", "SIZE"] },
    COLUMNS,
    "there is no column SIZE. The columns are NAME, IN USE, NOTE, AT.",
  ],
  [
    { output: "json", columns: ["NAME"] },
    COLUMNS,
    "--columns is for tables and CSV; -o json prints everything.",
  ],
  [{ json: true, columns: ["NAME"] }, COLUMNS, "--columns is for tables and CSV; -o json prints everything."],
  [{ json: true, output: "csv" }, COLUMNS, "--json and -o csv contradict each other."],
  [{ output: "csv" }, null, "this verb prints no table, so it does not take -o csv."],
  [{ output: "wide" }, null, "this verb prints no table, so it does not take -o wide."],
  [{ columns: ["NAME"] }, null, "this verb prints no table, so it does not take --columns."],
];

test.each(REFUSED)("%j → wrong use, in words", (options, columns, message) => {
  expect(() => formOf(options, columns)).toThrow(expect.objectContaining({ message, exit: EXIT.wrongUse }));
});

test.each([
  [["status", "--json"], true],
  [["-o", "json", "status"], true],
  [["status", "-ojson"], true],
  [["status", "--output=yaml"], true],
  [["status", "--output", "yaml"], true],
  [["status", "-o", "csv"], false],
  [["status", "-o"], false],
  [["ssh", "alice", "--", "--json"], false],
])("%j asks for the whole answer: %s", (args, whole) => {
  expect(asksForWhole(args)).toBe(whole);
});
