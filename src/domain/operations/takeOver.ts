import { type SQL, sql } from "drizzle-orm";
import { type Db, listOf, rows } from "../../db/client.ts";
import { isOnline } from "../core/nodeSilence.ts";
import { lockAssignments, lockPool } from "../core/locks.ts";
import { pairOne, pairWaiting } from "../assignments/match.ts";
import { queueRecheck } from "../health/schedule.ts";
import { follow } from "../follow/follow.ts";
import { change } from "../core/change.ts";
import type { Change } from "../core/touched.ts";
import type { Actor } from "../core/reasons.ts";
import { SETTINGS } from "../core/limits.ts";
import { leaveUntried } from "../assignments/stranded.ts";
import { leftFor } from "../assignments/unbegun.ts";

/**
 * Set-ups that no relay takes up. A node counts as heard for longer than anybody likes to wait, so a relay that asks for work
 * takes over what the relay of another node has left for some seconds, if its own node has a ready machine for it: that
 * relay surely lives. Only what no relay has ever begun on that machine, so that no recipe is run in two places.
 */

const READY_THERE = (pool: SQL, node: string) => sql`from machines r join nodes n on n.name = r.node
  where r.node = ${node} and r.pool = ${pool} and r.state = 'ready' and ${isOnline()}`;

/** Set-ups `o` of assignments `a` that another node's relay has left and `node` has a machine for. */
const leftElsewhere = (node: string) => sql`from operations o join assignments a on a.id = o.assignment
  where o.kind = 'setup' and o.state = 'queued' and o.first_leased_at is null and o.node <> ${node}
    and ${leftFor} > ${SETTINGS.unbegunSeconds}::float8
    and a.state = 'setting_up' and a.logged_in_at is null and a.machine = o.machine
    and not exists (select 1 from operations b
      where b.machine = o.machine and b.assignment = o.assignment and b.first_leased_at is not null)
    and exists (select 1 ${READY_THERE(sql`a.pool`, node)})`;

/** Whether there is something to take over, for the query of a relay's poll. */
export function anyLeftElsewhere(node: string): SQL {
  return sql`exists (select 1 ${leftElsewhere(node)})`;
}

/**
 * Moves their testers to ready machines of the node, recorded as swaps: as many as it has machines and its relay would begin
 * now.
 * @returns how many.
 */
export async function takeOver(db: Db, node: string, most: number): Promise<number> {
  const pools = await rows<{ pool: string }>(
    db,
    sql`select distinct a.pool ${leftElsewhere(node)} order by a.pool`,
  );
  let taken = 0;
  for (const { pool } of pools) {
    const actor: Actor = `node:${node}`;
    taken += await change(db, actor, follow, (tx) => takeOverIn(tx, pool, node, most - taken, actor));
  }
  return taken;
}

async function takeOverIn(
  tx: Change,
  pool: string,
  node: string,
  most: number,
  actor: Actor,
): Promise<number> {
  if (most <= 0 || !(await lockPool(tx, pool))) return 0;
  const left = await rows<{ id: string; machine: string; assignment: string; node: string; seconds: number }>(
    tx,
    sql`select o.id, o.machine, o.assignment, o.node, ${leftFor} as seconds ${leftElsewhere(node)} and a.pool = ${pool}
      order by o.id limit ${most} for no key update of o skip locked`,
  );
  if (left.length === 0) return 0;
  const ids = listOf(left.map(({ assignment }) => assignment));
  await lockAssignments(tx, sql`select id from assignments where id in (${ids})`);
  // Nobody leaves a machine before the next one is theirs.
  const ready = await rows(
    tx,
    sql`select r.id ${READY_THERE(sql`${pool}`, node)} order by r.id limit ${left.length}
      for no key update of r skip locked`,
  );
  const going = left.slice(0, ready.length);
  for (const one of going) {
    const cause = `the relay of node ${one.node} did not start the set-up within ${Math.round(one.seconds)} s`;
    await leaveUntried(tx, one, cause, actor);
  }
  for (const from of new Set(going.map((one) => one.node))) await queueRecheck(tx, from);
  for (const _ of going) await pairOne(tx, pool, actor, node);
  await pairWaiting(tx, pool, actor);
  return going.length;
}
