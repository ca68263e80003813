import { type SQL, sql } from "drizzle-orm";
import type { Receipt } from "../../contract/machine.ts";
import { iso, rows } from "../../db/client.ts";
import type { Standing } from "../core/leased.ts";
import { endOperation, requeueOperation, takenBy } from "../core/operations.ts";
import type { Actor } from "../core/reasons.ts";
import { retryBackoffSeconds } from "../core/backoff.ts";
import { json, tell } from "../core/event.ts";
import { moveMachines } from "../core/moves.ts";
import type { Change } from "../core/touched.ts";

/** Proven gone: the receipt is stored and the row is `deleted` in one statement; only now is its room free. */
export async function deleted(tx: Change, lease: Standing, receipt: Receipt, actor: Actor): Promise<void> {
  await endOperation(tx, lease.id, "succeeded", receipt);
  await tx.execute(accessEnded(sql`${lease.machine}`));
  await moveMachines(tx, sql`select ${lease.machine}::uuid`, {
    to: "deleted",
    actor,
    reason: "proven_gone",
    set: sql`receipt = ${json(receipt)}, delete_seconds = ${takenBy(lease.id)}`,
  });
}

/** The orphan is stopped: its delete continues when it has been kept long enough. */
export async function kept(tx: Change, lease: Standing, actor: Actor): Promise<void> {
  const [row] = await rows<{ until: string; seconds: number }>(
    tx,
    sql`select ${iso(sql`keep_until`)} as until,
        greatest(0, extract(epoch from keep_until - now()))::float8 as seconds
      from machines where id = ${lease.machine} and keep_until is not null`,
  );
  await requeueOperation(tx, lease.id, row?.seconds ?? 0, null);
  await tell(tx, {
    kind: "machine",
    actor,
    reason: "orphan_kept",
    node: lease.node,
    operation: lease.id,
    data: { until: row?.until ?? null },
    ...(lease.machine === null ? {} : { machine: lease.machine }),
  });
}

/** The tester's access to the machine has ended, also if it was adopted as an orphan later. */
export function accessEnded(machine: SQL): SQL {
  return sql`
    update assignments set access_ended_at = now()
    where state = 'released' and access_ended_at is null
      and machine in (select f.id from machines m join machines f on f.name = m.name where m.id = ${machine})`;
}

/** The machine stays `deleting` and booked; the delete is retried indefinitely, with a growing delay. */
export async function deleteFailed(
  tx: Change,
  lease: Standing,
  message: string,
  actor: Actor,
): Promise<void> {
  await requeueOperation(tx, lease.id, retryBackoffSeconds(lease.attempt, Math.random()), message);
  await tell(tx, {
    kind: "operation",
    actor,
    reason: "delete_failed",
    node: lease.node,
    operation: lease.id,
    data: { message, attempt: lease.attempt },
    ...(lease.machine === null ? {} : { machine: lease.machine }),
    ...(lease.pool === null ? {} : { pool: lease.pool }),
  });
}
