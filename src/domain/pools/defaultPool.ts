import { sql } from "drizzle-orm";
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
 * A sentence if one more pool named `name` would leave callers who name none without an answer; null if it would not. Pure.
 * @param others the pools that stand beside it
 */
export function ambiguity(name: string, others: readonly string[], chosen: string | null): string | null {
  if (others.length === 0) return null;
  const all = new Set([name, ...others]);
  if (all.has("default") || (chosen !== null && all.has(chosen))) return null;
  const [first] = others;
  return `Then there are several pools, and calls that name none are refused: make one the default (\`warmpool pool default ${first}\`), or name the pool in every call.`;
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
