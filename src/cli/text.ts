import { stripVTControlCharacters } from "node:util";

/**
 * Text for a terminal of fixed width. Invariant: whatever came from a machine or another person passes `clean` before
 * it is printed, so that nobody's step title or output can move the cursor or recolour somebody else's terminal.
 */

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
/** East Asian wide and emoji: two columns each. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** One line without control characters; line breaks and tabs become spaces. */
export function clean(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\t\r\n]+/g, " ")
    .replace(/\p{Cc}/gu, "");
}

/** Text of several lines without control characters; a lone carriage return (a progress bar's) ends a line. */
export function cleanLines(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\r\n?/g, "\n")
    .replace(/(?![\n\t])\p{Cc}/gu, "");
}

/** How many columns a terminal gives to the text. */
export function width(text: string): number {
  let columns = 0;
  for (const { segment } of segmenter.segment(text)) columns += WIDE.test(segment) ? 2 : 1;
  return columns;
}

/** The text, or its beginning and an ellipsis, within `columns`. */
export function fit(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  if (columns < 1) return "";
  let kept = "";
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const next = used + width(segment);
    if (next > columns - 1) break;
    kept += segment;
    used = next;
  }
  return `${kept.trimEnd()}…`;
}

/** The text with spaces up to `columns`. */
export function pad(text: string, columns: number, align: "left" | "right" = "left"): string {
  const gap = " ".repeat(Math.max(0, columns - width(text)));
  return align === "left" ? text + gap : gap + text;
}

/**
 * Lines of at most `columns`, broken at spaces. A longer word (a URL) stays whole, and so does what stands between
 * backticks (a command line): it is there to be copied.
 */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.match(/(?:`[^`]*`|[^ ])+/g) ?? []) {
    if (line !== "" && width(line) + 1 + width(word) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}
