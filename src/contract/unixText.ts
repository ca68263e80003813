import type * as z from "zod";

/**
 * A check of texts that a shell on a machine is given: the characters that editors of other systems leave in them are
 * not seen, and a shell stumbles over them late, in words that mislead ("not found").
 */
export function unixText({ value, issues }: z.core.ParsePayload<string>): void {
  const problem = problemOf(value);
  if (problem !== null) issues.push({ code: "custom", message: problem, input: value });
}

function problemOf(text: string): string | null {
  const at = text.indexOf("\r");
  if (at !== -1) {
    const line = text.slice(0, at).split("\n").length;
    const what = text[at + 1] === "\n" ? "ends with CR LF, as on Windows" : "has a carriage return (CR)";
    return `line ${line} ${what}; a shell treats the CR as part of the line: save the file with LF line endings`;
  }
  if (text.startsWith("\uFEFF"))
    return "line 1 begins with a byte order mark, which a shell treats as part of the first word: save the file without it";
  return null;
}
