import type { Cell } from "./csv.ts";
import { columnCalled, heading, isPlain } from "./form.ts";
import type { Form } from "./form.ts";
import { table } from "./table.ts";
import type { Column } from "./table.ts";
import { ago } from "./time.ts";

/** Answers as rows, for `-o wide`, `-o csv` and --columns. One for each kind of answer, next to its columns. Pure. */
export type Listing<Value, Row> = {
  /** Those of the table, and those that only `wide`, CSV and --columns show. */
  columns: readonly Column<Row>[];
  rows: (value: Value) => readonly Row[];
  /** It is one record: without -o and --columns it is shown in words, and has no heads to leave out. */
  isRecord?: true;
};

/** The answer is the rows. */
export function listOf<Row>(columns: readonly Column<Row>[]): Listing<readonly Row[], Row> {
  return { columns, rows: (all) => all };
}

/** The answer is a page of rows. */
export function pageOf<Row>(columns: readonly Column<Row>[]): Listing<{ items: readonly Row[] }, Row> {
  return { columns, rows: ({ items }) => items };
}

/** The answer is one row. */
export function oneOf<Row>(columns: readonly Column<Row>[]): Listing<Row, Row> {
  return { columns, rows: (one) => [one], isRecord: true };
}

/** How long ago something was; in CSV the moment itself. */
export function since<Row>(title: string, at: (row: Row) => string | null): Column<Row> {
  return { title, value: (row) => ago(at(row), Date.now()), raw: at, whole: true };
}

/** A column that the table leaves out. */
export function more<Row>(title: string, value: Column<Row>["value"]): Column<Row> {
  return { title, value, wide: true };
}

/** Lines of a table, or records of CSV, both with their heads unless those are not wanted. */
export type Tabular = { lines: string[] } | { records: Cell[][] };

/**
 * The answer as the form asks for it.
 * @returns null if it asks for nothing but what the verb shows anyway
 */
export function tabular<Value, Row>(
  form: Form,
  { columns, rows, isRecord }: Listing<Value, Row>,
  value: Value,
  columnsOfTerminal: number,
): Tabular | null {
  const { format, columns: named, headers } = form;
  const asIs = format === "table" && named === null;
  if (isPlain(form) || (asIs && isRecord === true)) return null;
  const chosen =
    named?.flatMap((name) => columnCalled(columns, name) ?? []) ??
    columns.filter(({ wide }) => !asIs || wide !== true);
  const found = rows(value);
  if (format === "csv") {
    const records = found.map((row) => chosen.map((column) => (column.raw ?? column.value)(row)));
    return { records: headers ? [chosen.map(heading), ...records] : records };
  }
  // Nothing that was asked for by name is cut or left out.
  const lines = table(chosen.map(asked), found, asIs ? columnsOfTerminal : Number.POSITIVE_INFINITY);
  return { lines: headers ? lines : lines.slice(1) };
}

function asked<Row>({ wide: _, ...column }: Column<Row>): Column<Row> {
  return { ...column, title: heading(column) };
}
