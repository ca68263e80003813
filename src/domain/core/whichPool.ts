import { type SQL, sql } from "drizzle-orm";
import { unnamedPool } from "../../contract/unnamedPool.ts";
import { type Db, rows } from "../../db/client.ts";
import { WarmpoolError } from "./errors.ts";
import { isNotRemoved } from "./live.ts";

/** The pools (alias `p`) for a call that names none, the default first; two rows mean that there are several. */
export const defaultFirst: SQL = sql`order by p.name = (select default_pool from settings) desc nulls last, p.name = 'default' desc limit 2`;

/** Whether pool `p` is the one that an admin made the default. */
export const isDefault: SQL = sql`coalesce(p.name = (select default_pool from settings), false)`;

/** The pool of that name; with no name the only one, the default, or else the one called `default`. */
export function choosePool<T extends { pool: string; isDefault: boolean }>(
  found: readonly T[],
  name: string | undefined,
): T {
  const [first] = found;
  if (first === undefined) {
    throw name === undefined
      ? new WarmpoolError("BAD_REQUEST", "there is no pool yet; create one first")
      : new WarmpoolError("NOT_FOUND", `there is no pool named ${name}`);
  }
  const meant = unnamedPool(found.map(({ pool, isDefault: is }) => ({ name: pool, isDefault: is })));
  const chosen = found.find(({ pool }) => pool === meant);
  if (chosen === undefined) {
    throw new WarmpoolError(
      "BAD_REQUEST",
      "there are several pools and no default; give pool, or set a default: `warmpool pool default NAME`",
    );
  }
  return chosen;
}

/**
 * The pool of that name, or without a name the only one or the default. A removed pool must be named: the past
 * assignments of its testers can still be read.
 */
export async function resolvePool(db: Db, name: string | undefined): Promise<string> {
  const found = await rows<{ pool: string; isDefault: boolean }>(
    db,
    sql`select p.name as pool, ${isDefault} as "isDefault" from pools p
      where ${name === undefined ? isNotRemoved(sql`p`) : sql`p.name = ${name}`} ${defaultFirst}`,
  );
  return choosePool(found, name).pool;
}
