import { type SQL, sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { isLiveOperation, isNotRemoved } from "./live.ts";

/**
 * The only order in which rows are locked, from large to small: a pool; nodes by name, each with its brake;
 * operations; assignments; machines by id. A transaction that may need a larger row locks it first, even if it is not yet known
 * whether the row will change, so that no two transactions wait for each other. A relay's result locks its own operation
 * before those of other machines; two operations of one node are locked together only under the node's lock.
 * Data for a decision is read in a statement after the one that took the lock, because that one still has the snapshot from
 * before it waited. `for update` would block inserts of rows that refer to a locked one.
 */

/** @returns whether a pool of that name exists and is not removed. */
export async function lockPool(tx: Db, name: string): Promise<boolean> {
  const locked = await rows(
    tx,
    sql`select 1 from pools where name = ${name} and ${isNotRemoved()} for no key update`,
  );
  return locked.length > 0;
}

/** Locks the nodes that `which` (of `n` nodes) selects, in the order of their names. */
export async function lockNodes(tx: Db, which: SQL): Promise<void> {
  await tx.execute(sql`select 1 from nodes n where ${which} order by n.name for no key update`);
}

/** Locks the live operations of the machines whose ids are selected. */
export async function lockWork(tx: Db, machines: SQL): Promise<void> {
  await tx.execute(sql`
    select 1 from operations where machine in (${machines}) and ${isLiveOperation()}
    order by id for no key update`);
}

/** Locks the assignments whose ids are selected. */
export async function lockAssignments(tx: Db, which: SQL): Promise<void> {
  await tx.execute(sql`select 1 from assignments where id in (${which}) order by id for no key update`);
}

/** Locks the machines whose ids are selected, in one order, because two transactions may lock several at once. */
export async function lockMachines(tx: Db, which: SQL): Promise<void> {
  await tx.execute(sql`select 1 from machines where id in (${which}) order by id for no key update`);
}
