import { sql } from "drizzle-orm";
import { type Db, rows } from "../db/client.ts";
import { lockSituation } from "../pool/provision.ts";
import { planPool } from "../pool/replenish.ts";
import { tearDown } from "../pool/teardown.ts";

/** Takes down what a pool has ready beyond its target: one machine a sweep, stale ones first. */
export async function shrink(db: Db): Promise<number> {
  const pools = await rows<{ name: string }>(db, sql`select name from pools order by name`);
  let taken = 0;
  for (const { name } of pools) taken += await shrinkPool(db, name);
  return taken;
}

async function shrinkPool(db: Db, pool: string): Promise<number> {
  return db.transaction(async (tx) => {
    const situation = await lockSituation(tx, pool);
    if (situation === null || planPool(situation).shrink === 0) return 0;
    const down = await tearDown(
      tx,
      sql`select m.id from machines m join pools p on p.name = m.pool join nodes n on n.name = m.node
        where m.pool = ${pool} and m.state = 'ready' and n.state = 'online'
        order by m.machine_spec <> p.machine_spec desc, m.ready_at limit 1`,
      { from: ["ready"], actor: "system:shrink", reason: "surplus" },
    );
    return down.length;
  });
}
