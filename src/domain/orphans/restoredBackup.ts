import { sql } from "drizzle-orm";
import type { OrphanBrake } from "../../contract/node.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import type { Actor } from "../core/reasons.ts";
import { tearDown } from "../core/teardown.ts";
import { json, tell } from "../core/event.ts";
import { isLiveNode } from "../core/live.ts";
import { bySweep, change } from "../core/change.ts";
import type { Change } from "../core/touched.ts";

/**
 * Notices a database that is older than what stands on its nodes: one that was restored from a backup. A node's row knows
 * the highest number of a machine whose create was given to its relay; the relay remembers the same. Where the relay's is
 * higher, rows were lost, and every machine of theirs looks like an orphan: none of the node is torn down then before a
 * person says so. Nor is a number given again, whose machine may be somebody's.
 */

/** Beyond what a relay has seen: nothing that is drawn while the counter is moved can come out twice. */
const CLEARANCE = 1000;

/**
 * Called before anything is leased to a relay, and at the opening of its session. Where the database is not behind this is
 * one question.
 */
export async function noteHighest(db: Db, node: string, seen: number): Promise<void> {
  const ahead = sql`name = ${node} and ${isLiveNode()} and highest_machine_number < ${seen}`;
  const [behind] = await rows(db, sql`select 1 from nodes where ${ahead}`);
  if (behind === undefined) return;
  const actor: Actor = `node:${node}`;
  // What is torn down here is made again by the next sweep: by then the brake of the second transaction is on.
  await change(db, actor, bySweep, async (tx) => {
    await moveCounter(tx, seen);
    await endUnbegun(tx, node, seen, actor);
  });
  await db.transaction(async (tx) => {
    const [row] = await rows<{ known: number; now: string }>(
      tx,
      sql`select highest_machine_number::float8 as known, ${iso(sql`now()`)} as now from nodes where ${ahead}
        for no key update`,
    );
    if (row === undefined) return;
    const brake: OrphanBrake = { reason: "behind", since: row.now, seen, known: row.known };
    await tx.execute(sql`
      update nodes set highest_machine_number = ${seen}, orphan_brake = ${json(brake)} where name = ${node}`);
    await tell(tx, {
      kind: "node",
      actor,
      reason: "database_behind",
      node,
      data: { seen, known: row.known },
    });
  });
}

/** One at a time by the lock on the settings' row, and well past `seen`: what draws a number meanwhile does not wait. */
async function moveCounter(tx: Db, seen: number): Promise<void> {
  await tx.execute(sql`select 1 from settings for no key update`);
  await tx.execute(sql`
    select setval('machines_number_seq', ${seen}::bigint + ${CLEARANCE}) from machines_number_seq where last_value < ${seen}`);
}

/** Their numbers may have been given before: what stands under such a name on the node is not theirs to delete. */
async function endUnbegun(tx: Change, node: string, seen: number, actor: Actor): Promise<void> {
  const unbegun = sql`select m.id from machines m join operations o on o.machine = m.id
    where m.node = ${node} and m.number <= ${seen} and m.state = 'provisioning'
      and o.kind = 'create' and o.state = 'queued' and o.first_leased_at is null`;
  await tearDown(tx, unbegun, { from: ["provisioning"], actor, reason: "database_behind" });
}
