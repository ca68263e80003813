import { oneLine } from "../text.ts";

/**
 * What a set-up hands to its tester, by name. However much a step prints, what is kept is bounded, so that it fits into
 * one report beside everybody else's; what is beyond that is said where it was printed.
 */
export type Outputs = Readonly<Record<string, string>>;

export const MAX_OUTPUTS = 100;
const MAX_VALUE = 4096;
/** Characters of all names and values together. */
export const MAX_ALL = 64 * 1024;
/** What nobody takes for a name (src/contract/record.ts): a report with it would be refused, and so all that follow. */
const NO_NAME = "__proto__";
/** A value that would have to be cut to less says nothing any more. */
const LEAST = 32;

/** The outputs with this one, its value cleaned; `note` says what of it is not there. */
export function withOutput(
  outputs: Outputs,
  name: string,
  value: string,
): { outputs: Outputs; note: string | null } {
  if (name === NO_NAME) return { outputs, note: `[output ${name} omitted: not a valid name]` };
  const others = Object.entries(outputs).filter(([other]) => other !== name);
  const left = MAX_ALL - others.reduce((sum, [other, text]) => sum + other.length + text.length, name.length);
  if (others.length >= MAX_OUTPUTS || left < Math.min(LEAST, value.length)) {
    return {
      outputs,
      note: `[output ${name} truncated: a set-up has at most ${MAX_OUTPUTS} outputs and ${MAX_ALL} characters in total]`,
    };
  }
  const kept = oneLine(value, Math.min(MAX_VALUE, left));
  const note =
    kept.length < value.length ? `[output ${name} truncated after ${kept.length} characters]` : null;
  // Computed keys and spreads make own properties of any name.
  return { outputs: { ...outputs, [name]: kept }, note };
}
