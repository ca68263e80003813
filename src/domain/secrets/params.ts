import { sql } from "drizzle-orm";
import { own } from "../../contract/own.ts";
import type { Recipe } from "../../contract/recipe.ts";
import { type Db, rows } from "../../db/client.ts";
import { isMarkOf, mark, seal, type Sealed, type SecretKeys, unseal } from "./keys.ts";

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
  const id = crypto.randomUUID();
  return { id, ...(await sealFor(keys, id, declared, values)) };
}

/**
 * The same for an existing assignment.
 * @throws WarmpoolError CONFLICT where one is secret and there is no key.
 */
export async function sealFor(
  keys: SecretKeys,
  id: string,
  declared: Recipe["params"],
  values: Record<string, string>,
): Promise<Omit<SealedParams, "id">> {
  const params = new Map<string, string>();
  const secrets = new Map<string, Sealed>();
  const marks = new Map<string, Marks[string]>();
  for (const [name, value] of Object.entries(values)) {
    if (own(declared, name)?.secret === true) {
      const place = { assignment: id, name };
      secrets.set(name, await seal(keys, place, value));
      marks.set(name, await mark(keys, place, value));
    } else params.set(name, value);
  }
  return {
    params: Object.fromEntries(params),
    secrets: Object.fromEntries(secrets),
    marks: Object.fromEntries(marks),
  };
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
    const known = own(standing.marks, name);
    const isSame =
      known === undefined
        ? own(standing.params, name) === value
        : await isMarkOf(keys, { assignment, name }, value, known);
    if (!isSame) return false;
  }
  return true;
}

/** The values of encrypted parameters; the name of the first that cannot be decrypted, if there is one. */
export async function openSecrets(
  keys: SecretKeys,
  assignment: string,
  sealed: Record<string, Sealed>,
): Promise<{ secrets: Record<string, string> } | { unreadable: string }> {
  const secrets = new Map<string, string>();
  for (const [name, one] of Object.entries(sealed)) {
    const value = await unseal(keys, { assignment, name }, one);
    if (value === null) return { unreadable: name };
    secrets.set(name, value);
  }
  return { secrets: Object.fromEntries(secrets) };
}
