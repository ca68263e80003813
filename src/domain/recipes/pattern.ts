import { RE2JS } from "re2js";

/**
 * Patterns of recipe parameters. They are somebody's, and so are the values, so the engine is one whose time grows with
 * the product of both and no faster (RE2's; https://github.com/google/re2/wiki/Syntax): no value can keep the edge
 * from its other callers. What that engine does not know (look-around, back references) is refused when a recipe is put.
 */
export type Pattern = {
  /** Whether the whole value matches. */
  fits(value: string): boolean;
  /** Steps of its program: what each character of a value may cost. */
  size: number;
};

/** A class counted to 1000 has 2000 steps. */
const MAX_SIZE = 2500;
/** Compiling may take longer than matching, and an edge sees the same few patterns again and again. */
const KEPT = 200;
const kept = new Map<string, Pattern | string>();

/** The pattern, or in words why there is none. */
export function patternOf(text: string): Pattern | string {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const made = compile(text);
  const [oldest] = kept.keys();
  if (kept.size >= KEPT && oldest !== undefined) kept.delete(oldest);
  kept.set(text, made);
  return made;
}

function compile(text: string): Pattern | string {
  try {
    const program = RE2JS.compile(text);
    const size = program.programSize();
    if (size > MAX_SIZE)
      return `is too large: it compiles to ${size} steps, but only ${MAX_SIZE} are allowed; use smaller counts`;
    // By a matcher, which asks for the place of the match: without it the engine builds states ahead, which can cost more.
    return { size, fits: (value) => program.matcher(value).matches() };
  } catch (error) {
    const why = error instanceof Error ? error.message : "";
    return (
      `is not a regular expression of RE2, which matches in linear time (${why}); RE2 has neither look-around nor ` +
      "back references, counts up to 1000, and writes a character by its code point as \\x{1F600}"
    );
  }
}
