import { cleaned } from "../contract/foreign.ts";

/** Cutting of text to what the contract lets through; never in the middle of a character. */

const CUT_OFF = "… [cut off]";

/** The last `max` characters, marked where something is missing in front. */
export function tail(text: string, max: number): string {
  const trimmed = text.trimEnd();
  if (trimmed.length <= max) return trimmed;
  const from = trimmed.length - max + 1;
  return `…${trimmed.slice(isInsideCharacter(trimmed, from) ? from + 1 : from)}`;
}

/** The first `max` characters, marked where something is missing at the end. */
export function head(text: string, max: number): string {
  return firstOf(text, max, "…");
}

/** A machine's word for one line of a view: control characters out, and no longer than `max`, visibly cut off. */
export function oneLine(text: string, max: number): string {
  return firstOf(cleaned(text), max, max > 2 * CUT_OFF.length ? CUT_OFF : "…");
}

function firstOf(text: string, max: number, mark: string): string {
  if (text.length <= max) return text;
  const to = max - mark.length;
  return `${text.slice(0, isInsideCharacter(text, to) ? to - 1 : to)}${mark}`;
}

/** Whether a cut at `at` would leave half of a surrogate pair. */
function isInsideCharacter(text: string, at: number): boolean {
  return (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}

/** Postgres stores no NUL, and a terminal should not meet one either. */
export function printable(bytes: Buffer): string {
  return bytes.toString("utf8").replaceAll("\0", "\uFFFD");
}

/** At most `max` characters over all values, each with a fair share of it; the ends of texts are what is kept. */
export function capped(evidence: Record<string, string>, max = 64 * 1024): Record<string, string> {
  const entries = Object.entries(evidence)
    .filter(([, text]) => text !== "")
    .slice(0, 20);
  const share = Math.floor(max / Math.max(1, entries.length));
  return Object.fromEntries(
    entries.map(([name, text]) => [
      oneLine(name, 50),
      tail(text.replaceAll("\0", "\uFFFD").toWellFormed(), share),
    ]),
  );
}

/** `10 s`, `0.2 s`: what was left of a budget has more decimals than anybody reads. */
export function secondsText(seconds: number): string {
  return seconds < 0.1 ? "less than 0.1 s" : `${Math.round(seconds * 10) / 10} s`;
}
