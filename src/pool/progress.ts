import { sql } from "drizzle-orm";
import type { Progress } from "../contract/progress.ts";
import type { RenewResult } from "../contract/relay.ts";
import type { Db } from "../db/client.ts";
import { accessEnded } from "./finishDelete.ts";
import { renewLeases } from "./lease.ts";
import { storeLog } from "./setupLog.ts";
import { json } from "./transition.ts";

type Renewal = { id: string; token: number; progress?: Progress | undefined };

/** Prolongs leases and stores what the relay saw. Progress that comes with a lost lease is dropped. */
export async function renew(
  db: Db,
  node: string,
  session: string,
  renewals: readonly Renewal[],
): Promise<RenewResult> {
  const standing = await renewLeases(db, node, session, renewals);
  for (const renewal of renewals) {
    if (renewal.progress !== undefined && standing.has(renewal.id))
      await storeProgress(db, renewal, renewal.progress);
  }
  return { operations: renewals.map(({ id }) => ({ id, status: standing.get(id) ?? "lost" })) };
}

/**
 * Each statement proves the lease again by its token, for between renewal and progress it may have gone, and locks the
 * operation's row first: one that has to wait for its machine or assignment would else believe a lease from before its wait.
 */
async function storeProgress(db: Db, renewal: Renewal, progress: Progress): Promise<void> {
  const lease = sql`select o.machine, o.assignment from operations o
    where o.id = ${renewal.id} and o.token = ${renewal.token} and o.state in ('leased', 'cancelling') for no key update`;
  if (progress.kind === "create") {
    await db.execute(sql`
      with lease as (${lease})
      update machines set phase = ${progress.phase}, host_key = coalesce(${json(progress.hostKey)}, host_key)
      from lease where machines.id = lease.machine and machines.state = 'provisioning'`);
    return;
  }
  if (progress.kind === "delete") {
    await db.execute(sql`with lease as (${lease}) ${accessEnded(sql`(select machine from lease)`)}`);
    return;
  }
  if (progress.loggedIn !== undefined || progress.step !== undefined || progress.outputs !== undefined) {
    await db.execute(sql`
      with lease as (${lease})
      update assignments set
        logged_in_at = ${progress.loggedIn === true ? sql`coalesce(logged_in_at, now())` : sql`logged_in_at`},
        step = coalesce(${json(progress.step)}, step),
        outputs = outputs || coalesce(${json(progress.outputs)}, '{}')
      from lease where assignments.id = lease.assignment and assignments.state in ('setting_up', 'failed')`);
  }
  if (progress.log !== undefined) await storeLog(db, lease, progress.log);
}
