import { plain } from "./foreign.ts";

/** A set-up's log as lines. Pure. */

/** As it is shown: without what a terminal would obey, and without the end of the last line. */
export function linesOf(text: string): string[] {
  const lines = plain(text).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Where that step (1 for the first) began last: `== 12:03:04 UTC step 2 of 4: Install packages`; null if it never did. */
export function lineOfStep(lines: readonly string[], step: number): number | null {
  const at = lines.findLastIndex((line) => line.startsWith("== ") && line.includes(` step ${step} of `));
  return at === -1 ? null : at;
}
