import { clean, fit, pad, width, wrap } from "./text.ts";

/** Rows and fields laid out within a terminal's width. Pure: no colours, no output. */

/** A column, and how it gives way in a table that is too wide. By default it is cut. */
export type Column<Row> = {
  title: string;
  value: (row: Row) => string | number | null;
  align?: "right";
  /** What a person looks for or copies (a name, a state): never cut and never left out. */
  keep?: true;
  /** A part of it would mislead (a time): never cut, but left out. The same applies to numbers. */
  whole?: true;
  /** Sentences: wrapped, beside the row or below it. Only the last column of a table can be one. */
  text?: true;
  /** What a column without a title is called by --columns and in CSV. */
  name?: string;
  /** The API's own value, for CSV; left out if the table shows it unchanged. */
  raw?: (row: Row) => string | number | boolean | null;
  /** Shown only if it is asked for: by `-o wide`, `-o csv` or --columns. */
  wide?: true;
};

const GAP = 2;
const BETWEEN = " ".repeat(GAP);
const NARROWEST = 5;
/** Sentences beside a row are not wrapped to less. */
const TEXT_NARROWEST = 24;
const BELOW = 2;

/** A column with its place in the row, its widest cell, and what it can be narrowed to. */
type Sized<Row> = { column: Column<Row>; at: number; natural: number; least: number };

/**
 * The lines of a table, its head first. If it is too wide, sentences go below their rows, then columns are cut, the
 * widest first. If that is not enough, the rightmost columns are left out (--json has everything). If the kept columns alone
 * are too wide, the rest of each row goes below it, each value after its title.
 */
export function table<Row>(
  allColumns: readonly Column<Row>[],
  rows: readonly Row[],
  columnsOfTerminal: number,
): string[] {
  const columns = allColumns.filter(({ wide }) => wide !== true);
  const body = rows.map((row) => columns.map((column) => clean(String(column.value(row) ?? NOTHING))));
  const head = columns.map(({ title }) => title);
  const all = columns.flatMap((column, at) => {
    const cells = [head, ...body].map((line) => line[at] ?? "");
    const natural = Math.max(...cells.map(width));
    return natural === 0 ? [] : [{ column, at, natural, least: leastOf(column, natural, cells) }];
  });
  const { beside, below } = placed(all, columnsOfTerminal);
  const widths = widthsOf(beside, columnsOfTerminal);
  const lineOf = (line: string[]) =>
    sideBySide(
      beside.map(({ at }) => line[at] ?? ""),
      beside,
      widths,
    );
  return [
    ...lineOf(head),
    ...body.flatMap((line) => [...lineOf(line), ...belowLines(below, line, columnsOfTerminal)]),
  ];
}

const NOTHING = "-";

function leastOf({ keep, whole, text, align }: Column<never>, natural: number, cells: string[]): number {
  // A word is not wrapped.
  if (text === true) return Math.max(Math.min(natural, TEXT_NARROWEST), ...cells.flatMap(wordWidths));
  return keep === true || whole === true || align === "right" ? natural : Math.min(natural, NARROWEST);
}

function wordWidths(cell: string): number[] {
  return cell.split(" ").map(width);
}

/** Which columns stand beside each other, and which go below the row. The first one always stays. */
function placed<Row>(all: Sized<Row>[], room: number): { beside: Sized<Row>[]; below: Sized<Row>[] } {
  const beside = [...all];
  const isText = (one: Sized<Row> | undefined) => one?.column.text === true;
  // Nothing is cut to make room for sentences.
  const roomy = beside.map((one) => (isText(one) ? one.least : one.natural));
  const text = beside.length > 1 && isText(beside.at(-1)) && lineWidth(roomy) > room ? beside.splice(-1) : [];
  const gone: Sized<Row>[] = [];
  while (beside.length > 1 && lineWidth(beside.map(({ least }) => least)) > room) {
    const last = beside.findLastIndex(({ column }) => column.keep !== true);
    gone.push(...beside.splice(last > 0 ? last : beside.length - 1, 1));
  }
  // If there is a line below anyway, it has the other columns too.
  const below = gone.some(({ column }) => column.keep === true)
    ? gone.toSorted((one, other) => one.at - other.at)
    : [];
  return { beside, below: [...below, ...text] };
}

function widthsOf<Row>(beside: readonly Sized<Row>[], room: number): number[] {
  const widths = beside.map(({ natural }) => natural);
  for (let over = lineWidth(widths) - room; over > 0; over--) {
    const candidates = widths.map((each, at) => (each > (beside[at]?.least ?? each) ? each : 0));
    const widest = Math.max(...candidates);
    if (widest === 0) break;
    // If there are sentences beside the row, only they are narrowed.
    const text = beside.findIndex(({ column }) => column.text === true);
    const narrower = text === -1 ? candidates.lastIndexOf(widest) : text;
    widths[narrower] = (widths[narrower] ?? 0) - 1;
  }
  return widths;
}

function sideBySide<Row>(cells: string[], beside: readonly Sized<Row>[], widths: number[]): string[] {
  const parts = cells.map((cell, at) => {
    const room = widths[at] ?? 0;
    return beside[at]?.column.text === true ? wrap(cell, room) : [fit(cell, room)];
  });
  const height = Math.max(...parts.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    parts
      .map((lines, at) => pad(lines[line] ?? "", widths[at] ?? 0, beside[at]?.column.align))
      .join(BETWEEN)
      .trimEnd(),
  );
}

/** `STATE draining  ACCESS 10.0.0.7:22`: the columns that have no room in the row. */
function belowLines<Row>(below: readonly Sized<Row>[], line: string[], columnsOfTerminal: number): string[] {
  const room = columnsOfTerminal - BELOW;
  const values = below.flatMap(({ column: { title }, at }) => {
    const value = line[at] ?? "";
    return value === "" || value === NOTHING ? [] : [title === "" ? value : `${title} ${value}`];
  });
  const lines: string[][] = [];
  for (const value of values) {
    const last = lines.at(-1);
    if (last !== undefined && width([...last, value].join(BETWEEN)) <= room) last.push(value);
    else lines.push([value]);
  }
  // A value that is longer than a line has its own lines.
  const whole = lines.flatMap((line) => (line.length === 1 ? wrap(line.join(), room) : [line.join(BETWEEN)]));
  return whole.map((each) => " ".repeat(BELOW) + each);
}

function lineWidth(widths: readonly number[]): number {
  return widths.reduce((total, each) => total + each, 0) + GAP * Math.max(0, widths.length - 1);
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
