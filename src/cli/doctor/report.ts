import type { Colors, Output } from "../terminal/output.ts";
import { clean, pad, width, wrap } from "../terminal/text.ts";
import type { Check } from "./check.ts";

const WORDS = { ok: "ok", wrong: "WRONG", unknown: "?" } as const;

/** A line for each finding, under what is wrong how to mend it, and last how many things that are. Pure. */
export function reportLines(
  checks: Check[],
  { columns, colors }: Pick<Output, "columns" | "colors">,
): string[] {
  const paint = { ok: colors.green, wrong: colors.red, unknown: colors.yellow };
  const names = Math.min(24, Math.max(...checks.map(({ name }) => width(name))));
  const indent = 7 + names + 2;
  const lines = checks.flatMap(({ name, state, message, fix }) => {
    const said = wrap(clean(message), columns - indent);
    const mend = fix === null ? [] : wrap(clean(`fix: ${fix}`), columns - indent);
    return [...said, ...mend].map((line, index) =>
      index === 0
        ? `${paint[state](pad(WORDS[state], 5))}  ${pad(clean(name), names)}  ${line}`
        : " ".repeat(indent) + line,
    );
  });
  return [...lines, "", verdict(checks.filter(({ state }) => state === "wrong").length, colors)];
}

function verdict(wrongs: number, colors: Colors): string {
  if (wrongs === 0) return colors.green("Nothing is wrong.");
  return colors.red(wrongs === 1 ? "1 problem found." : `${wrongs} problems found.`);
}
