import type { Recipe } from "../../contract/recipe.ts";
import { own } from "../../contract/own.ts";
import { WarmpoolError } from "../core/errors.ts";
import { patternOf } from "./pattern.ts";

/** Steps that the patterns of one assignment may take together: some tenths of a second at the very worst. */
const MAX_STEPS = 2_500_000;
/** Instructions that the patterns of one recipe may have together. */
const MAX_SIZE = 10_000;

/** Refuses what no value could be checked by. @throws WarmpoolError BAD_REQUEST that names the parameter. */
export function checkPatterns(params: Recipe["params"]): void {
  let size = 0;
  for (const [name, { pattern: text }] of Object.entries(params)) {
    if (text === undefined) continue;
    const pattern = patternOf(text);
    if (typeof pattern === "string")
      throw new WarmpoolError("BAD_REQUEST", `params.${name}.pattern: ${pattern}`);
    size += pattern.size;
  }
  if (size > MAX_SIZE) {
    throw new WarmpoolError(
      "BAD_REQUEST",
      `params: their patterns compile to ${size} steps in total, but only ${MAX_SIZE} are allowed; use smaller counts or fewer patterns`,
    );
  }
}

/**
 * The values a recipe's steps will see: those given, checked, and the defaults of the others.
 * @returns a WarmpoolError BAD_REQUEST where they do not fit: it names the parameter, never its value (it may be a secret).
 */
export function checkParams(
  params: Recipe["params"],
  given: Record<string, string>,
): Record<string, string> | WarmpoolError {
  for (const name of Object.keys(given)) {
    if (own(params, name) === undefined) {
      const known = Object.keys(params);
      return new WarmpoolError(
        "BAD_REQUEST",
        `params.${name}: the recipe has no such parameter; it has ${known.length === 0 ? "none" : known.join(", ")}`,
      );
    }
  }
  const values = new Map<string, string>();
  let steps = 0;
  for (const [name, param] of Object.entries(params)) {
    const value = own(given, name) ?? param.default;
    if (value === undefined) {
      if (param.required === true)
        return new WarmpoolError("BAD_REQUEST", `params.${name}: is required by the recipe`);
      continue;
    }
    if (value.includes("\0")) return new WarmpoolError("BAD_REQUEST", `params.${name}: has a NUL character`);
    if (param.pattern !== undefined) {
      const pattern = patternOf(param.pattern);
      // A recipe from before patterns were checked when it was put.
      if (typeof pattern === "string")
        return new WarmpoolError("BAD_REQUEST", `params.${name}: the recipe's pattern for it ${pattern}`);
      steps += pattern.size * (value.length + 1);
      if (steps > MAX_STEPS)
        return new WarmpoolError(
          "BAD_REQUEST",
          `params.${name}: is too long for the recipe's pattern to be checked`,
        );
      if (!pattern.fits(value)) {
        return new WarmpoolError(
          "BAD_REQUEST",
          `params.${name}: does not match the recipe's pattern ${param.pattern}`,
        );
      }
    }
    values.set(name, value);
  }
  return Object.fromEntries(values);
}
