import { clean, fit, pad, width, wrap } from "./text.ts";

/** Rows and fields laid out within a terminal's width. Pure: no colours, no output. */

/** A column. `keep` is for what a person copies (a name, an id): it is never cut. */
export type Column<Row> = {
  title: string;
  value: (row: Row) => string | number | null;
  align?: "right";
  keep?: true;
  /** What a column without a title is called by --columns and in CSV. */
  name?: string;
  /** The API's own value, for CSV; left out if the table shows it unchanged. */
  raw?: (row: Row) => string | number | boolean | null;
  /** Shown only if it is asked for: by `-o wide`, `-o csv` or --columns. */
  wide?: true;
};

const GAP = 2;
const NARROWEST = 5;

/**
 * The lines of a table, its head first. Columns that are too wide together are cut, the widest first, numbers never;
 * where that is not enough, the rightmost are left out: --json has everything.
 */
export function table<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  columnsOfTerminal: number,
): string[] {
  const columns = all.filter(({ wide }) => wide !== true);
  const cells = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => clean(String(column.value(row) ?? "-")))),
  ];
  const natural = columns.map((_, index) => Math.max(...cells.map((line) => width(line[index] ?? ""))));
  const least = natural.map((each, index) => (isCut(columns[index]) ? Math.min(each, NARROWEST) : each));
  const shown = howManyFit(least, columnsOfTerminal);
  const widths = narrowed(
    natural.slice(0, shown),
    least.slice(0, shown),
    columnsOfTerminal - GAP * (shown - 1),
  );
  return cells.map((line) =>
    widths
      .map((room, index) => pad(fit(line[index] ?? "", room), room, columns[index]?.align))
      .join(" ".repeat(GAP))
      .trimEnd(),
  );
}

function isCut(column: Pick<Column<unknown>, "keep" | "align"> | undefined): boolean {
  return column?.keep !== true && column?.align !== "right";
}

function howManyFit(least: number[], room: number): number {
  let count = least.length;
  while (count > 1 && sum(least.slice(0, count)) + GAP * (count - 1) > room) count -= 1;
  return count;
}

function narrowed(natural: number[], least: number[], room: number): number[] {
  const widths = [...natural];
  for (let over = sum(widths) - room; over > 0; over--) {
    const candidates = widths.map((each, index) => (each > (least[index] ?? 0) ? each : 0));
    const widest = Math.max(...candidates);
    if (widest === 0) break;
    const index = candidates.lastIndexOf(widest);
    widths[index] = widest - 1;
  }
  return widths;
}

/** A name and its value. `whole` is for what a person copies: it stays on one line, however long. */
export type Field = [name: string, value: string | null, layout?: "whole"];

/** Lines of `name  value`, values wrapped beside their names; fields without a value are left out. */
export function fields(pairs: Field[], columnsOfTerminal: number): string[] {
  const shown = pairs.flatMap(([name, value, layout]) =>
    value === null ? [] : [{ name: clean(name), value: clean(value), layout }],
  );
  const indent = Math.min(20, Math.max(0, ...shown.map(({ name }) => width(name)))) + GAP;
  return shown.flatMap(({ name, value, layout }) => {
    const lines = layout === "whole" ? [value] : wrap(value, columnsOfTerminal - indent);
    return lines.map((line, index) =>
      index === 0 ? `${pad(name, indent - GAP)}  ${line}`.trimEnd() : " ".repeat(indent) + line,
    );
  });
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
