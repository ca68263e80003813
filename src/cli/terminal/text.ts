import { escaped } from "../../contract/foreign.ts";

/**
 * Text for a terminal of fixed width. Whatever came from a machine or another person passes `clean` before it is laid
 * out, so that its width is known; that nothing of it can move a cursor or recolour a terminal is seen to by
 * src/cli/terminal/output.ts, whatever a verb does.
 */

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
/** East Asian wide and emoji: two columns each. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/**
 * One line: what a terminal would obey is shown as an escape. A line break is `⏎` and no place to wrap after it, so that
 * nobody's text begins a line that looks like ours; those at its ends are left out, and a tab is a space.
 */
export function clean(text: string): string {
  const lines = text.trim().replace(/\r\n?/g, "\n").split("\n");
  return escaped(lines.map((line) => line.replaceAll("\t", " ")).join(" ⏎"));
}

/** Colours and movements of the cursor as programs print them that draw a bar; bounded, so that it is read once. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const SEQUENCE = /\u001b\[[0-?]{0,32}[ -/]{0,4}[@-~]/g;

/**
 * Text of several lines, such as a log. A carriage return (a progress bar's) ends a line, colours are left out because
 * they are in every other log; whatever else a terminal would obey is shown as an escape.
 */
export function cleanLines(text: string): string {
  return escaped(text.replace(SEQUENCE, "").replace(/\r\n?/g, "\n"), "\n\t");
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
  for (const word of wordsOf(text)) {
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

/** What spaces part, but not those between backticks. */
function wordsOf(text: string): string[] {
  const parts = text.split("`");
  // The last one has no partner, and is a character like any other.
  if (parts.length % 2 === 0) parts.push(parts.splice(-2).join("`"));
  const words: string[] = [];
  let open = "";
  for (const [at, part] of parts.entries()) {
    if (at % 2 === 1) {
      open += `\`${part}\``;
      continue;
    }
    const [first = "", ...rest] = part.split(" ");
    open += first;
    for (const word of rest) {
      if (open !== "") words.push(open);
      open = word;
    }
  }
  return open === "" ? words : [...words, open];
}

/** A sentence as it goes into another one: without the blanks around it and its full stop. */
export function trimDot(text: string): string {
  return text.trim().replace(/\.$/, "");
}
