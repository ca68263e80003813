import { sql } from "drizzle-orm";
import { type Db, rows } from "../db/client.ts";
import { bySweep, change } from "../domain/core/change.ts";
import { lockPool } from "../domain/core/locks.ts";
import { readSituation } from "../domain/supply/applyPlan.ts";
import { planPool } from "../domain/supply/plan.ts";
import { takeSurplus } from "../domain/supply/rollout.ts";

/** Takes down what a pool has ready beyond its target: one machine a sweep, stale ones first. */
export async function shrink(db: Db): Promise<number> {
  const pools = await rows<{ name: string }>(db, sql`select name from pools order by name`);
  let taken = 0;
  for (const { name } of pools) taken += await shrinkPool(db, name);
  return taken;
}

async function shrinkPool(db: Db, pool: string): Promise<number> {
  return change(db, "system:shrink", bySweep, async (tx) => {
    if (!(await lockPool(tx, pool)) || planPool(await readSituation(tx, pool)).shrink === 0) return 0;
    return takeSurplus(tx, pool, "system:shrink");
  });
}
