/**
 * Text that came from elsewhere: a machine, a node, a caller. It may hold what a terminal obeys instead of showing: control
 * characters (C0, DEL, C1), marks that change the direction of what follows, line and paragraph separators, characters
 * without a shape. The joiners U+200C and U+200D stay: words and emoji are written with them.
 */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu;

/** The text with each such character as `\uXXXX`, except those in `keep`. What is a JSON text stays the same JSON. */
export function escaped(text: string, keep = ""): string {
  return text.replace(UNSEEN, (found) => (keep.includes(found) ? found : escapeOf(found)));
}

/** A value as JSON that may be shown on a terminal: with `indent` over several lines, else on one. */
export function printableJson(value: unknown, indent?: number): string {
  return escaped(JSON.stringify(value, null, indent) ?? "null", "\n");
}

/** The text with `\uFFFD` in place of each such character: for what is stored and passed on. A tab is kept. */
export function cleaned(text: string): string {
  return text.replace(UNSEEN, (found) => (found === "\t" ? found : "\uFFFD"));
}

/** By UTF-16 units, as JSON has it. */
function escapeOf(found: string): string {
  let shown = "";
  for (let at = 0; at < found.length; at += 1)
    shown += `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`;
  return shown;
}
