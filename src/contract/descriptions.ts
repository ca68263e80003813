import { CAPACITY } from "./descriptions/capacity.ts";
import { COMMON } from "./descriptions/common.ts";
import { INPUTS } from "./descriptions/inputs.ts";
import { MACHINES } from "./descriptions/machines.ts";
import { TESTERS } from "./descriptions/testers.ts";
import { own } from "./own.ts";

/**
 * Field descriptions by name, for the OpenAPI document and docs/pool-spec.md; a schema's own `.describe` comes first. A
 * name means the same thing everywhere, so each name is in exactly one table.
 */
export const TABLES = [COMMON, INPUTS, TESTERS, MACHINES, CAPACITY] as const;

/** The description of the field with that name; null if there is none. */
export function descriptionOf(name: string): string | null {
  for (const table of TABLES) {
    const text = own(table, name);
    if (text !== undefined) return text;
  }
  return null;
}
