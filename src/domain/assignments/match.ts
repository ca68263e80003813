import { sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { pickReady } from "./claim.ts";
import { firstStep, RECIPE_STEPS } from "./firstStep.ts";
import type { Actor } from "../core/reasons.ts";
import { byNobody, change } from "../core/change.ts";
import { machineMovesIn, moveAssignments } from "../core/moves.ts";
import type { Change } from "../core/touched.ts";

/**
 * Pairs those who wait with ready machines, strictly in order. Follows every commit that could have left both
 * standing: an assign answered `waiting`, and every move to `ready` or `waiting`. The pool's row is locked first and the pairing
 * is read in the next statement, so its snapshot sees everything committed before; machines are waited for, not
 * skipped, because a transaction that has locked one may release it unchanged.
 * @returns how many were paired.
 */
export async function match(db: Db, pool: string, actor: Actor): Promise<number> {
  return change(db, actor, byNobody, async (tx) => {
    await tx.execute(sql`select 1 from pools where name = ${pool} for no key update`);
    return pairWaiting(tx, pool, actor);
  });
}

/** The same in every pool in which somebody waits. */
export async function matchEvery(db: Db, actor: Actor): Promise<number> {
  const pools = await rows<{ pool: string }>(
    db,
    sql`select distinct pool from assignments where state = 'waiting'`,
  );
  let paired = 0;
  for (const { pool } of pools) paired += await match(db, pool, actor);
  return paired;
}

/** The same in a transaction that has locked the pool's row. */
export async function pairWaiting(tx: Change, pool: string, actor: Actor): Promise<number> {
  let paired = 0;
  while (await pairOne(tx, pool, actor)) paired += 1;
  return paired;
}

/**
 * Assigns a machine to the first tester in the queue, if one is ready.
 * @param node only a machine of this node that no other transaction has locked.
 */
export async function pairOne(tx: Change, pool: string, actor: Actor, node?: string): Promise<boolean> {
  const there = node === undefined ? sql`` : sql`and n.name = ${node}`;
  const claim = { to: "assigned", from: ["ready"], actor, reason: "claimed" } as const;
  const [pair] = await rows<{ assignment: string; machine: string; node: string }>(
    tx,
    sql`with first as (
        select id from assignments where pool = ${pool} and state = 'waiting' order by seq limit 1 for no key update
      ),
      ${pickReady(pool, sql`exists (select 1 from first) ${there}`, node === undefined ? "wait" : "skip")},
      ${machineMovesIn(tx.touched, pool, sql`select id from picked`, claim)}
      select first.id as assignment, moved.id as machine, moved.node from first join moved on true`,
  );
  if (pair === undefined) return false;
  await moveAssignments(tx, sql`select ${pair.assignment}::uuid`, {
    to: "setting_up",
    from: ["waiting"],
    actor,
    reason: "claimed",
    set: sql`machine = ${pair.machine}, attempt = attempt + 1, claimed_at = now(), setup_at = now(),
      step = ${firstStep(RECIPE_STEPS)}`,
  });
  await tx.execute(sql`
    insert into operations (kind, node, machine, assignment)
    values ('setup', ${pair.node}, ${pair.machine}, ${pair.assignment})`);
  return true;
}
