import { pad, width, wrap } from "./text.ts";

const GAP = 2;

/**
 * The cells of a log entry, each at its stop, and never cut: a long one pushes the next to the right, and one that does not
 * fit on the line goes to the next line, at its stop or, if it is too long for that, at the second stop. Pure.
 */
export function atStops(
  cells: readonly string[],
  stops: readonly number[],
  columnsOfTerminal: number,
): string[] {
  const indent = stops[1] ?? 0;
  const lines: string[] = [];
  let line = "";
  for (const [at, cell] of cells.entries()) {
    if (cell === "") continue;
    const stop = stops[at] ?? 0;
    const pushed = line === "" ? stop : Math.max(stop, width(line) + GAP);
    if (pushed + width(cell) <= columnsOfTerminal) {
      line = pad(line, pushed) + cell;
      continue;
    }
    const from = stop + width(cell) <= columnsOfTerminal ? stop : indent;
    const [first = "", ...rest] = wrap(cell, columnsOfTerminal - from).map((each) => pad("", from) + each);
    lines.push(...[line, first, ...rest].filter((each) => each !== "").slice(0, -1));
    line = rest.at(-1) ?? first;
  }
  return [...lines, line];
}
