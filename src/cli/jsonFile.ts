import { readFileSync } from "node:fs";
import type { z } from "zod";
import { CliError, EXIT } from "./exit.ts";

/** Reads files that a person wrote, so that what is wrong with one is said by its name and field. */

/** @throws CliError (wrong use) where the file cannot be read. */
export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CliError(EXIT.wrongUse, `cannot read ${file}: ${reason(error)}.`);
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
export function checked<T>(schema: z.ZodType<T>, value: unknown, where: (path: PropertyKey[]) => string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${where(issue.path)}: ${issue.message}`);
  throw new CliError(EXIT.wrongUse, `${problems.join("; ")}.`);
}

/** A path as one writes it: `steps[1].title`. */
export function fieldName(path: PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === "number" ? `[${key}]` : `${index === 0 ? "" : "."}${String(key)}`))
    .join("");
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
