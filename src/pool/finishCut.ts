import { sql } from "drizzle-orm";
import { type Db, iso, listOf, rows } from "../db/client.ts";
import type { Standing } from "./lease.ts";
import { endOperation, requeueOperation } from "./operations.ts";
import type { Actor } from "./reasons.ts";
import { tell } from "./transition.ts";

/** How the cut of a machine ends, and that it holds: whatever starts the machine again, it is stopped again. */

/** Its node has stopped it: nobody is on it any more. */
export async function cutDone(tx: Db, lease: Standing, actor: Actor): Promise<void> {
  await endOperation(tx, lease.id, "succeeded", null);
  if (lease.machine === null) return;
  const done = await rows(
    tx,
    sql`update machines set cut = cut || jsonb_build_object('doneAt', ${iso(sql`now()`)})
      where id = ${lease.machine} and cut is not null returning id`,
  );
  if (done.length === 0) return;
  const { pool, node, machine } = lease;
  await tell(tx, { kind: "machine", actor, reason: "cut_done", pool, node, machine, operation: lease.id });
}

/** It is tried until it is done: somebody waits for this tester to be out. */
export async function cutFailed(tx: Db, lease: Standing, message: string, actor: Actor): Promise<void> {
  await requeueOperation(tx, lease.id, AGAIN_SECONDS, message);
  const { pool, node, machine } = lease;
  if (machine === null || lease.attempt > 1) return;
  const about = { pool, node, machine, operation: lease.id, data: { message } };
  await tell(tx, { kind: "machine", actor, reason: "cut_failed", ...about });
}

const AGAIN_SECONDS = 5;

/** Every machine that is cut and not stopped yet has an operation that stops it, unless other work has yet to end. */
export async function queueCuts(tx: Db): Promise<void> {
  await tx.execute(sql`
    insert into operations (kind, node, machine)
    select 'cut', m.node, m.id from machines m
    where m.cut is not null and m.cut ->> 'doneAt' is null and m.state in ('assigned', 'held')
    order by m.id
    on conflict (machine) where state in ('queued', 'leased', 'cancelling') do nothing`);
}

/** These are cut and run all the same: their node was started again, or a person started them there. */
export async function cutAgain(tx: Db, machines: readonly string[], actor: Actor): Promise<void> {
  if (machines.length === 0) return;
  const up = await rows<{ id: string; pool: string | null; node: string }>(
    tx,
    sql`update machines set cut = cut || '{"doneAt": null}'
      where id in (${listOf(machines)}) and cut ->> 'doneAt' is not null returning id, pool, node`,
  );
  for (const { id, pool, node } of up)
    await tell(tx, { kind: "machine", actor, reason: "cut_again", pool, node, machine: id });
  await queueCuts(tx);
}
