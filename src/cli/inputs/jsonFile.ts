import { readFileSync } from "node:fs";
import type { z } from "zod";
import { fieldName, problemsOf } from "../../contract/issues.ts";
import { fileProblem } from "../terminal/fileProblem.ts";
import { CliError, EXIT } from "../terminal/exit.ts";

/** Reads files that a person wrote, so that what is wrong with one is said by its name and field. */

/** @throws CliError (wrong use) where the file cannot be read. */
export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CliError(EXIT.wrongUse, `cannot read ${file}: ${fileProblem(file, error)}.`);
  }
}

/** @throws CliError (wrong use) where the file cannot be read or is no JSON. */
export function readJson(file: string): unknown {
  const text = readText(file);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliError(EXIT.wrongUse, `${file} is no JSON: ${reason(error)}.`);
  }
}

/**
 * The value as the schema has it. `where` names the file that a field stands in; the file itself by default.
 * @throws CliError (wrong use) with a line for each problem.
 */
export function checked<T>(
  schema: z.ZodType<T>,
  value: unknown,
  where: (path: readonly PropertyKey[]) => string,
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error.issues).map(({ path, words }) => `${where(path)}: ${words}`);
  throw new CliError(EXIT.wrongUse, `${problems.join("; ")}.`);
}

/** A field of a file; the whole file where no field is named. */
export function fieldIn(file: string, path: readonly PropertyKey[]): string {
  return path.length === 0 ? file : `${file}: ${fieldName(path)}`;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
