import { sql } from "drizzle-orm";
import { unnamedPool } from "../../contract/unnamedPool.ts";
import type { PoolView } from "../../contract/pool.ts";
import { type Db, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { getPool } from "./pools.ts";
import type { Actor } from "../core/reasons.ts";
import { tell } from "../core/event.ts";
import { isNotRemoved } from "../core/live.ts";

/** Which pool callers mean who name none: the only one, the one that an admin made the default, or one called `default`. */

/**
 * Makes a pool the default.
 * @throws WarmpoolError NOT_FOUND.
 */
export async function setDefaultPool(db: Db, name: string, actor: Actor): Promise<PoolView> {
  await db.transaction(async (tx) => {
    const standing = await rows(
      tx,
      sql`select 1 from pools where name = ${name} and ${isNotRemoved()} for key share`,
    );
    if (standing.length === 0) throw new WarmpoolError("NOT_FOUND", `there is no pool named ${name}`);
    const [setting] = await rows<{ before: string | null }>(
      tx,
      sql`select default_pool as before from settings for no key update`,
    );
    if (setting?.before === name) return;
    await tx.execute(sql`update settings set default_pool = ${name}`);
    await tell(tx, {
      kind: "pool",
      actor,
      reason: "default_changed",
      pool: name,
      before: setting?.before ?? null,
      after: name,
    });
  });
  return getPool(db, name);
}

/**
 * A sentence if one more pool named `name` would change which pool calls use that name none, or would have them refused; null
 * if not. Pure.
 * @param others the pools that stand beside it
 */
export function ambiguity(name: string, others: readonly string[], chosen: string | null): string | null {
  const [first] = others;
  if (first === undefined) return null;
  const meantOf = (names: readonly string[]) =>
    unnamedPool(names.map((each) => ({ name: each, isDefault: each === chosen })));
  const [before, after] = [meantOf(others), meantOf([name, ...others])];
  if (before === after && after !== null) return null;
  if (after !== null)
    return before === null
      ? `Calls that name no pool, which are refused now, would use ${after}.`
      : `Calls that name no pool would use ${after} instead of ${before}. To keep them on ${before}, run \`warmpool pool default ${before}\` first.`;
  return `There would be several pools, and calls that name none would be refused: make one the default (\`warmpool pool default ${first}\`), or name the pool in every call.`;
}

/** The same of the pools as they stand. */
export async function readAmbiguity(db: Db, name: string): Promise<string | null> {
  const found = await rows<{ name: string; chosen: string | null }>(
    db,
    sql`select name, (select default_pool from settings) as chosen from pools
      where ${isNotRemoved()} and name <> ${name} order by name`,
  );
  return ambiguity(
    name,
    found.map((pool) => pool.name),
    found[0]?.chosen ?? null,
  );
}
