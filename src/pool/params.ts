import type { Recipe } from "../contract/recipe.ts";
import { WarmpoolError } from "./errors.ts";

/**
 * The values a recipe's steps will see: those given, checked, and the defaults of the others.
 * @returns a WarmpoolError BAD_REQUEST where they do not fit: it names the parameter, never its value (it may be a secret).
 */
export function checkParams(
  params: Recipe["params"],
  given: Record<string, string>,
): Record<string, string> | WarmpoolError {
  for (const name of Object.keys(given)) {
    if (params[name] === undefined) {
      const known = Object.keys(params);
      return new WarmpoolError(
        "BAD_REQUEST",
        `params.${name}: the recipe has no such parameter; it takes ${known.length === 0 ? "none" : known.join(", ")}`,
      );
    }
  }
  const values: Record<string, string> = {};
  for (const [name, param] of Object.entries(params)) {
    const value = given[name] ?? param.default;
    if (value === undefined) {
      if (param.required === true)
        return new WarmpoolError("BAD_REQUEST", `params.${name}: is required by the recipe`);
      continue;
    }
    if (value.includes("\0")) return new WarmpoolError("BAD_REQUEST", `params.${name}: has a NUL character`);
    if (param.pattern !== undefined && !new RegExp(`^(?:${param.pattern})$`, "u").test(value)) {
      return new WarmpoolError(
        "BAD_REQUEST",
        `params.${name}: does not fit the recipe's pattern ${param.pattern}`,
      );
    }
    values[name] = value;
  }
  return values;
}
