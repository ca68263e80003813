import { type SQL, sql } from "drizzle-orm";
import type { Assignment } from "../contract/assignment.ts";
import { type Db, listOf, rows } from "../db/client.ts";
import { isOnline } from "./nodeSilence.ts";
import { lockAssignments, lockPool } from "./locks.ts";
import { pairOne, pairWaiting } from "./match.ts";
import { queueRecheck } from "./probeQueue.ts";
import { replenish } from "./provision.ts";
import type { Actor } from "./reasons.ts";
import { SETTINGS } from "./settings.ts";
import { leaveUntried } from "./stranded.ts";

/**
 * Set-ups that no relay takes up. A node counts as heard for longer than anybody likes to wait, so a relay that asks for work
 * takes over what the relay of another node has left for some seconds, if its own node has a ready machine for it: that
 * relay surely lives. Only what no relay has ever begun on that machine, so that no recipe is run in two places.
 */

/** For how long the set-up `o` could have been taken up, in seconds. */
const leftFor = sql`extract(epoch from now() - greatest(o.created_at, o.not_before))::float8`;

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

/** Whether there is something to take over, for the look that a relay's poll takes anyway. */
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
    const moved = await db.transaction((tx) => takeOverIn(tx, pool, node, most - taken, actor));
    if (moved > 0) await replenish(db, pool, actor);
    taken += moved;
  }
  return taken;
}

async function takeOverIn(tx: Db, pool: string, node: string, most: number, actor: Actor): Promise<number> {
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
    const cause = `the relay of node ${one.node} did not take the set-up up within ${Math.round(one.seconds)} s`;
    await leaveUntried(tx, one, cause, actor);
  }
  for (const from of new Set(going.map((one) => one.node))) await queueRecheck(tx, from);
  for (const _ of going) await pairOne(tx, pool, actor, node);
  await pairWaiting(tx, pool, actor);
  return going.length;
}

/** How a set-up stands that waits for a relay. */
export type Unbegun = { leftSeconds: number; heardSeconds: number | null };

/** That of the assignment `a`, on a node `n`, as jsonb; null where it is begun. */
export const UNBEGUN: SQL = sql`case when a.state = 'setting_up' then (
  select jsonb_build_object('leftSeconds', ${leftFor}, 'heardSeconds', extract(epoch from now() - n.last_seen_at))
  from operations o where o.machine = a.machine and o.kind = 'setup' and o.state = 'queued' and o.first_leased_at is null
    and o.not_before <= now()) end`;

/** Times in a message go in such steps: whoever watches is told of each change of it. */
const STEP_SECONDS = 10;

/** Why a set-up has not begun, for its tester; null while that is no wonder. Pure. */
export function unbegunError({ leftSeconds, heardSeconds }: Unbegun): Assignment["error"] {
  if (leftSeconds < SETTINGS.unbegunSeconds) return null;
  const then = "the set-up waits for its relay. Wait, or release and assign again.";
  if (heardSeconds === null || heardSeconds < SETTINGS.unbegunSeconds)
    return { code: "node_busy", message: `Its node is heard, but busy: ${then}` };
  const seconds = Math.floor(heardSeconds / STEP_SECONDS) * STEP_SECONDS;
  return { code: "node_quiet", message: `Its node was last heard ${seconds} s ago: ${then}` };
}
