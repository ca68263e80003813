import { sql } from "drizzle-orm";
import { sayIssues } from "../../contract/issues.ts";
import { type Progress, progress } from "../../contract/progress.ts";
import type { Renewed, RenewResult } from "../../contract/relay.ts";
import type { Db } from "../../db/client.ts";
import { isBadValue } from "../../db/failure.ts";
import { accessEnded } from "./finishDelete.ts";
import { renewLeases } from "./lease.ts";
import { storeLog } from "../assignments/setupLog.ts";
import { json } from "../core/event.ts";

type Renewal = { id: string; token: number; progress?: unknown };

/**
 * Prolongs leases and stores what the relay saw. Progress that comes with a lost lease is dropped. Each report counts by
 * itself: one that cannot be read or stored is refused alone, and its lease is held like all others.
 */
export async function renew(
  db: Db,
  node: string,
  session: string,
  renewals: readonly Renewal[],
): Promise<RenewResult> {
  const standing = await renewLeases(db, node, session, renewals);
  const operations: Renewed[] = [];
  for (const renewal of renewals) {
    const { id } = renewal;
    const status = standing.get(id);
    const refused = status === undefined ? null : await take(db, renewal);
    operations.push({ id, status: status ?? "lost", ...(refused === null ? {} : { refused }) });
  }
  return { operations };
}

/** @returns why the report is refused; null if it is stored or there is none. */
async function take(db: Db, renewal: Renewal): Promise<string | null> {
  if (renewal.progress === undefined) return null;
  const parsed = progress.safeParse(renewal.progress);
  if (!parsed.success) return sayIssues(parsed.error);
  try {
    await storeProgress(db, renewal, parsed.data);
    return null;
  } catch (error) {
    // What is wrong with the values is wrong with this report alone; a database that cannot be asked is everybody's.
    if (isBadValue(error)) return "it contains values that cannot be stored";
    throw error;
  }
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
        outputs = coalesce(${json(progress.outputs)}, outputs)
      from lease where assignments.id = lease.assignment and assignments.state in ('setting_up', 'failed')`);
  }
  if (progress.log !== undefined) await storeLog(db, lease, progress.log);
}
