import { join } from "node:path";
import { recipe } from "../../contract/recipe.ts";
import type { Recipe } from "../../contract/recipe.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { checked, fieldIn, readJson, readText } from "./jsonFile.ts";

/**
 * Reads a recipe folder: `recipe.json`, whose steps name their scripts, with the scripts put in their places.
 * @throws CliError (wrong use) naming the file and the field.
 */
export function readRecipe(folder: string): Recipe {
  const file = join(folder, "recipe.json");
  const written = readJson(file);
  const steps = stepsOf(written);
  const inlined = steps.map((step, index) => ({ ...step, script: script(folder, file, step, index) }));
  const value = steps.length === 0 ? written : { ...Object(written), steps: inlined };
  return checked(recipe, value, (path) => placeOf(path, folder, file, steps));
}

/** The steps as far as they are objects; what else may be wrong with the file is the schema's to say. */
function stepsOf(written: unknown): Record<string, unknown>[] {
  const steps = isRecord(written) ? written["steps"] : undefined;
  return Array.isArray(steps) && steps.every(isRecord) ? steps : [];
}

function script(folder: string, file: string, step: Record<string, unknown>, index: number): string {
  const name = step["script"];
  if (typeof name !== "string" || !isInside(name)) {
    throw new CliError(
      EXIT.wrongUse,
      `${file}: steps[${index}].script must name a file in ${folder}.`,
      'Write the path from the folder on, such as "script": "install.sh".',
    );
  }
  return readText(join(folder, name));
}

function isInside(name: string): boolean {
  return name !== "" && !name.startsWith("/") && !name.split("/").includes("..");
}

/** A problem with a step's script is one of the script's own file. */
function placeOf(
  path: readonly PropertyKey[],
  folder: string,
  file: string,
  steps: Record<string, unknown>[],
): string {
  const [first, index, field] = path;
  const name = typeof index === "number" ? steps[index]?.["script"] : undefined;
  if (first === "steps" && field === "script" && typeof name === "string") return join(folder, name);
  return fieldIn(file, path);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
