import { type SQL, sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { isLiveOperation, isNotRemoved } from "./live.ts";

/**
 * The one order in which rows are locked, from the large to the small: a pool; nodes by name, each with its brake;
 * operations; assignments; machines by id. Who will need a larger row takes it first, also where it is not yet known
 * whether it will be changed: so no two transactions ever wait for each other. A relay's result has its own operation
 * before those of other machines; two operations of one node are taken together only under the node's lock.
 * What is read to decide is read in a statement after the one that took the lock: the first still has the snapshot from
 * before its wait. `for update` would stall whoever inserts a row that refers to a locked one.
 */

/** @returns whether there is one of that name, removed ones left out. */
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

/** Locks the machines whose ids are selected: in one order, because two may lock several at once. */
export async function lockMachines(tx: Db, which: SQL): Promise<void> {
  await tx.execute(sql`select 1 from machines where id in (${which}) order by id for no key update`);
}
