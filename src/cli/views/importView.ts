import type { ImportOutcome, ImportState } from "../../contract/import.ts";
import { clean, trimDot, wrap } from "../terminal/text.ts";

/** One line of the file, and what came of it. */
export type ImportedRow = Omit<ImportOutcome, "id"> & { line: number; who: string; machine: string | null };

const WORDS: Record<ImportState, string> = {
  checking: "not known yet",
  possible: "would be imported",
  imported: "imported",
  undoable: "would be undone",
  undone: "undone; the machine runs on, without Warmpool",
  unchanged: "unchanged",
  refused: "not imported",
};

const TOTALS: Record<ImportState, string> = {
  checking: "Not known yet",
  possible: "Would be imported",
  imported: "Imported",
  undoable: "Would be undone",
  undone: "Undone",
  unchanged: "Unchanged",
  refused: "Not imported",
};

/** A line for each record, what is wrong with those that are refused, and the sums. */
export function importLines(
  rows: readonly ImportedRow[],
  ignored: readonly string[],
  columns: number,
): string[] {
  const said = rows.flatMap((row) => wrap(clean(sentenceOf(row)), columns));
  const states = Object.keys(TOTALS) as ImportState[];
  const sums = states.flatMap((state) => {
    const count = rows.filter((row) => row.state === state).length;
    return count === 0 ? [] : [`${TOTALS[state]}: ${count}.`];
  });
  const left = ignored.length === 0 ? [] : wrap(clean(`Not read: ${ignored.join(", ")}.`), columns);
  return [...said, ...left, ...wrap(sums.join(" "), columns)];
}

function sentenceOf({ line, who, machine, state, problem, found, expiresAt }: ImportedRow): string {
  const what = `Line ${line}, ${who}${machine === null ? "" : ` on ${machine}`}: ${WORDS[state]}`;
  if (problem !== null) return `${what}. ${upper(trimDot(problem.why))}. ${problem.fix}`;
  const where =
    found === null
      ? ""
      : `, at ${found.access.host}:${found.access.port} with the host key ${found.fingerprint}`;
  return `${what}${where}${expiresAt === null ? "" : `, until ${expiresAt}`}.`;
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
