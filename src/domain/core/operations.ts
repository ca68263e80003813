import { type SQL, sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { json } from "./event.ts";
import { moveOperations } from "./operationMoves.ts";
import type { Change } from "./touched.ts";
import { isLiveOperation } from "./live.ts";

/** How operations end or return to the queue, and how the delete of a machine is queued. */
export async function endOperation(
  tx: Change,
  id: string,
  state: "succeeded" | "failed" | "cancelled",
  result: Record<string, unknown> | null,
  error: string | null = null,
): Promise<void> {
  const set = sql`error = ${error}, result = ${json(result)}`;
  await moveOperations(tx, sql`id = ${id}`, { to: state, set });
}

/** Seconds since a relay first leased the operation, earlier attempts included. */
export function takenBy(operation: string): SQL {
  return sql`(select extract(epoch from now() - first_leased_at) from operations where id = ${operation})`;
}

/** Back to the queue, for a retry after `seconds`. */
export async function requeueOperation(
  tx: Change,
  id: string,
  seconds: number,
  error: string | null,
): Promise<void> {
  const set = sql`error = ${error}, not_before = now() + make_interval(secs => ${seconds})`;
  await moveOperations(tx, sql`id = ${id}`, { to: "queued", set });
}

/**
 * Ends the operations on machines that are now `deleting`: a set-up ends at once (the delete's higher fence and the
 * stopped machine exclude it), and so does a restart or a cut (the relay ends it before it starts the delete). A create that was
 * never leased is cancelled; one that was leased must finish first.
 * Call it in the transaction that moved the machines.
 * @returns ids of machines whose create never started.
 */
export async function cancelWork(tx: Change, machines: SQL): Promise<string[]> {
  const work = sql`machine in (${machines}) and kind in ('setup', 'restart', 'cut')`;
  await moveOperations(tx, work, { to: "cancelled" });
  const creates = sql`machine in (${machines}) and kind = 'create'`;
  const ended = await moveOperations(tx, creates, { to: "cancelled", from: ["queued"] });
  await moveOperations(tx, creates, { to: "cancelling" });
  return ended.flatMap(({ machine, unbegun }) => (unbegun && machine !== null ? [machine] : []));
}

/**
 * Every machine in `deleting` has a delete operation, unless its create has yet to end. It follows from the state, so
 * nobody has to remember to queue it: `change` (change.ts) calls this before it commits, and so does the sweep.
 */
export async function queueDeletes(tx: Db): Promise<number> {
  const queued = await rows(
    tx,
    sql`insert into operations (kind, node, machine)
      select 'delete', m.node, m.id from machines m
      where m.state = 'deleting'
        and not exists (select 1 from operations o where o.machine = m.id and ${isLiveOperation(sql`o`)})
      order by m.id
      on conflict (machine) where ${isLiveOperation()} do nothing
      returning id`,
  );
  return queued.length;
}
