import { type SQL, sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { json } from "./event.ts";
import { operationMove } from "./operationMoves.ts";
import { isLiveOperation } from "./live.ts";

/** How operations end or return to the queue, and how the delete of a machine is queued. */
export async function endOperation(
  tx: Db,
  id: string,
  state: "succeeded" | "failed" | "cancelled",
  result: Record<string, unknown> | null,
  error: string | null = null,
): Promise<void> {
  await tx.execute(
    operationMove(sql`id = ${id}`, { to: state, set: sql`error = ${error}, result = ${json(result)}` }),
  );
}

/** Seconds since a relay first leased the operation, earlier attempts included. */
export function takenBy(operation: string): SQL {
  return sql`(select extract(epoch from now() - first_leased_at) from operations where id = ${operation})`;
}

/** Back to the queue, for a retry after `seconds`. */
export async function requeueOperation(
  tx: Db,
  id: string,
  seconds: number,
  error: string | null,
): Promise<void> {
  await tx.execute(
    operationMove(sql`id = ${id}`, {
      to: "queued",
      set: sql`error = ${error}, not_before = now() + make_interval(secs => ${seconds})`,
    }),
  );
}

/**
 * Ends the operations on machines that are now `deleting`: a set-up ends at once (the delete's higher fence and the
 * stopped machine exclude it), and so does a restart or a cut (the relay ends it before it starts the delete). A create that was
 * never leased is cancelled; one that was leased must finish first.
 * Call it in the transaction that moved the machines.
 * @returns ids of machines whose create never started.
 */
export async function cancelWork(tx: Db, machines: SQL): Promise<string[]> {
  const work = sql`machine in (${machines}) and kind in ('setup', 'restart', 'cut')`;
  await tx.execute(operationMove(work, { to: "cancelled" }));
  const creates = sql`machine in (${machines}) and kind = 'create'`;
  const ended = await rows<{ machine: string; never: boolean }>(
    tx,
    sql`${operationMove(creates, { to: "cancelled", from: ["queued"] })}
      returning machine, first_leased_at is null as never`,
  );
  await tx.execute(operationMove(creates, { to: "cancelling" }));
  return ended.filter((row) => row.never).map((row) => row.machine);
}

/**
 * Every machine in `deleting` has a delete operation, unless its create has yet to end. It follows from the state, so
 * nobody has to remember to queue it: every transaction that moves machines to `deleting` calls this, and so does the
 * sweep.
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
