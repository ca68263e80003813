import { sql } from "drizzle-orm";
import { iso, rows } from "../../db/client.ts";
import type { Standing } from "../core/leased.ts";
import { endOperation, requeueOperation } from "../core/operations.ts";
import type { Actor } from "../core/reasons.ts";
import { tell } from "../core/event.ts";
import type { Change } from "../core/touched.ts";

/** How the cut of a machine ends. That it holds is in src/domain/core/cuts.ts. */

/** Its node has stopped it: nobody is on it any more. */
export async function cutDone(tx: Change, lease: Standing, actor: Actor): Promise<void> {
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
export async function cutFailed(tx: Change, lease: Standing, message: string, actor: Actor): Promise<void> {
  await requeueOperation(tx, lease.id, AGAIN_SECONDS, message);
  const { pool, node, machine } = lease;
  if (machine === null || lease.attempt > 1) return;
  const about = { pool, node, machine, operation: lease.id, data: { message } };
  await tell(tx, { kind: "machine", actor, reason: "cut_failed", ...about });
}

const AGAIN_SECONDS = 5;
