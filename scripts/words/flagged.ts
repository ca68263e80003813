import { PHRASES } from "./phrases.ts";
import type { Piece } from "./visible.ts";

export type Flag = { phrase: string; instead: string; line: number };

const PATTERNS = PHRASES.map(([phrase, instead]) => ({
  phrase,
  instead,
  pattern: new RegExp(`(?<![\\w-])${phrase.replaceAll(" ", "\\s+")}(?![\\w-])`, "i"),
}));

/** The flagged phrases in the pieces by line, each once for a line. */
export function flagsOf(pieces: readonly Piece[]): Flag[] {
  const found = new Map<string, Flag>();
  for (const { text, line } of pieces)
    for (const { phrase, instead, pattern } of PATTERNS) {
      const at = pattern.exec(text);
      if (at === null) continue;
      const exact = line + text.slice(0, at.index).split("\n").length - 1;
      found.set(`${phrase} ${exact}`, { phrase, instead, line: exact });
    }
  return [...found.values()].toSorted((one, other) => one.line - other.line);
}
