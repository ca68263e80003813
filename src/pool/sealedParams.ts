import { sql } from "drizzle-orm";
import type { Recipe } from "../contract/recipe.ts";
import { type Db, rows } from "../db/client.ts";
import { isMarkOf, mark, seal, type Sealed, type SecretKeys, unseal } from "./secrets.ts";

/** An assignment's parameters as they are stored: secret ones apart, and never as they are. */
export type Marks = Record<string, { key: string; text: string }>;
export type SealedParams = {
  /** The assignment's id: its secrets are sealed for it. */
  id: string;
  params: Record<string, string>;
  secrets: Record<string, Sealed>;
  marks: Marks;
};

/**
 * Parameters for a new assignment, which gets its id here.
 * @throws WarmpoolError CONFLICT where one is secret and there is no key.
 */
export async function sealParams(
  keys: SecretKeys,
  declared: Recipe["params"],
  values: Record<string, string>,
): Promise<SealedParams> {
  const sealed: SealedParams = { id: crypto.randomUUID(), params: {}, secrets: {}, marks: {} };
  for (const [name, value] of Object.entries(values)) {
    if (declared[name]?.secret === true) {
      const place = { assignment: sealed.id, name };
      sealed.secrets[name] = await seal(keys, place, value);
      sealed.marks[name] = await mark(keys, place, value);
    } else sealed.params[name] = value;
  }
  return sealed;
}

/** Whether the assignment was asked for with these values; those that are left out are no others. */
export async function hasParams(
  db: Db,
  assignment: string,
  asked: Record<string, string>,
  keys: SecretKeys,
): Promise<boolean> {
  const [standing] = await rows<{ params: Record<string, string>; marks: Marks }>(
    db,
    sql`select params, secret_marks as marks from assignments where id = ${assignment}`,
  );
  if (standing === undefined) return true;
  // Compared here: among the values asked for may be a secret one that the assignment has not, and no statement gets it.
  for (const [name, value] of Object.entries(asked)) {
    const known = standing.marks[name];
    const isSame =
      known === undefined
        ? standing.params[name] === value
        : await isMarkOf(keys, { assignment, name }, value, known);
    if (!isSame) return false;
  }
  return true;
}

/** The values of sealed parameters; the name of the first that cannot be opened where there is one. */
export async function openSecrets(
  keys: SecretKeys,
  assignment: string,
  sealed: Record<string, Sealed>,
): Promise<{ secrets: Record<string, string> } | { unreadable: string }> {
  const secrets: Record<string, string> = {};
  for (const [name, one] of Object.entries(sealed)) {
    const value = await unseal(keys, { assignment, name }, one);
    if (value === null) return { unreadable: name };
    secrets[name] = value;
  }
  return { secrets };
}
