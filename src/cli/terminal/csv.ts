import { escaped } from "../../contract/foreign.ts";

export type Cell = string | number | boolean | null;

/**
 * Records as RFC 4180 has them, each ended by CRLF. No cell brings a terminal anything that it would obey: as in JSON,
 * control characters are `\uXXXX`, line breaks too, so that a record is a line. Nothing is an empty cell. Pure.
 */
export function csvText(records: readonly (readonly Cell[])[]): string {
  return records.map((cells) => `${cells.map((cell) => field(cell, cells.length)).join(",")}\r\n`).join("");
}

function field(cell: Cell, inRecord: number): string {
  const text = escaped(String(cell ?? ""));
  // An empty line is no record to some readers.
  const isBlankLine = text === "" && inRecord === 1;
  return /[",]|^\s|\s$/.test(text) || isBlankLine ? `"${text.replaceAll('"', '""')}"` : text;
}
