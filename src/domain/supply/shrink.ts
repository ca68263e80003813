import { sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { bySweep, change } from "../core/change.ts";
import { lockPool } from "../core/locks.ts";
import { readSituation } from "./applyPlan.ts";
import { planPool } from "./plan.ts";
import { takeSurplus } from "./rollout.ts";

/** Takes down what a pool has ready beyond its target: one machine a sweep, stale ones first. */
export async function shrink(db: Db): Promise<{ takenDown: number }> {
  const pools = await rows<{ name: string }>(db, sql`select name from pools order by name`);
  let takenDown = 0;
  for (const { name } of pools) takenDown += await shrinkPool(db, name);
  return { takenDown };
}

async function shrinkPool(db: Db, pool: string): Promise<number> {
  return change(db, "system:shrink", bySweep, async (tx) => {
    if (!(await lockPool(tx, pool)) || planPool(await readSituation(tx, pool)).shrink === 0) return 0;
    return takeSurplus(tx, pool, "system:shrink");
  });
}
