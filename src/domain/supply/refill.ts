import { sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { isNotRemoved } from "../core/live.ts";
import type { Actor } from "../core/reasons.ts";
import { replenish } from "./applyPlan.ts";

/**
 * Fills every pool to its target. Where nodes have not room for all, testers who wait come first, the longest waiting
 * before the others, and then pools by how far they are below their target.
 * @returns how many machines were created.
 */
export async function refillEvery(db: Db, actor: Actor): Promise<number> {
  let created = 0;
  for (const name of await poolsWithWaiting(db)) {
    created += (await replenish(db, name, actor, "testers")).created;
  }
  for (const name of await poolsByShortage(db)) {
    created += (await replenish(db, name, actor)).created;
  }
  return created;
}

async function poolsWithWaiting(db: Db): Promise<string[]> {
  const found = await rows<{ pool: string }>(
    db,
    sql`select pool from assignments where state = 'waiting' group by pool order by min(seq)`,
  );
  return found.map(({ pool }) => pool);
}

async function poolsByShortage(db: Db): Promise<string[]> {
  const found = await rows<{ name: string }>(
    db,
    sql`select p.name from pools p
        left join machines m on m.pool = p.name and m.state in ('ready', 'suspect', 'provisioning')
      where ${isNotRemoved(sql`p`)}
      group by p.name order by count(m.id)::float8 / greatest(p.target_size, 1), p.name`,
  );
  return found.map(({ name }) => name);
}
