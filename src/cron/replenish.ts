import { sql } from "drizzle-orm";
import { type Db, rows } from "../db/client.ts";
import { noteConditions } from "../domain/pools/applyConditions.ts";
import { expireMachines } from "../domain/supply/rollout.ts";
import { replenish as replenishPool } from "../domain/supply/applyPlan.ts";
import { isNotRemoved } from "../domain/core/live.ts";

/**
 * Makes stale what is past its time, and fills every pool to its target. Where nodes have not room for all, testers who
 * wait come first, the longest waiting before the others, and then pools by how far they are below their target.
 * Notes what their conditions are now.
 */
export async function replenish(db: Db): Promise<number> {
  await expireMachines(db);
  let created = 0;
  for (const name of await poolsWithWaiting(db)) {
    created += (await replenishPool(db, name, "system:replenish", "testers")).created;
  }
  for (const name of await poolsByShortage(db)) {
    created += (await replenishPool(db, name, "system:replenish")).created;
  }
  await noteConditions(db);
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
