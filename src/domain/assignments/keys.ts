import { sql } from "drizzle-orm";
import type { Assignment } from "../../contract/assignment.ts";
import type { SetupFailure } from "../../contract/assignmentErrors.ts";
import { sshKeyIdentity } from "../../contract/sshKey.ts";
import { type Db, rows } from "../../db/client.ts";
import type { Standing } from "../core/leased.ts";
import { lockWork } from "../core/locks.ts";
import type { Actor } from "../core/reasons.ts";
import { json, tell } from "../core/event.ts";
import { isLiveAssignment, isLiveOperation } from "../core/live.ts";

/**
 * Replaces the keys of a live assignment. On an active one a set-up run is queued that puts them on the machine, and
 * does nothing else there. If another operation is running on the machine, such a run follows it
 * (`queueSetupIfDue`). If the last run failed, the same keys are installed again.
 * @returns whether there was anything to do.
 */
export async function updateKeys(
  db: Db,
  assignment: string,
  sshKeys: string[],
  actor: Actor,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    await lockWork(tx, sql`select machine from assignments where id = ${assignment}`);
    return putKeys(tx, assignment, sshKeys, actor);
  });
}

/** The same in a transaction that has locked the operations on the assignment's machine. */
export async function putKeys(tx: Db, assignment: string, sshKeys: string[], actor: Actor): Promise<boolean> {
  const [changed] = await rows<{ state: string; pool: string; before: number }>(
    tx,
    sql`with standing as (
          select id, ssh_keys, state = 'active' and error is not null as failed
          from assignments where id = ${assignment} for no key update
        )
        update assignments set ssh_keys = ${json(sshKeys)}, error = case when state = 'active' then null else error end
        from standing
        where assignments.id = standing.id and ${isLiveAssignment()}
          and (standing.ssh_keys <> ${json(sshKeys)} or standing.failed)
        returning state, pool, jsonb_array_length(standing.ssh_keys) as before`,
  );
  if (changed === undefined) return false;
  const { pool, before } = changed;
  const told = { before: { keys: before }, after: { keys: sshKeys.length } };
  await tell(tx, { kind: "keys", actor, reason: "asked_for", pool, assignment, ...told });
  if (changed.state === "active") await queueSetup(tx, assignment);
  return true;
}

/**
 * Handles a failed key change of an active tester: they keep the machine, and their assignment shows the error.
 * @returns whether it was such a run.
 */
export async function keysFailed(
  tx: Db,
  { assignment, machine, pool }: Standing,
  failed: { reason: SetupFailure; message: string },
  actor: Actor,
): Promise<boolean> {
  const message = `The latest keys may not be on the machine: ${failed.message} Assign again with them to retry; if the old access must end now, an operator can stop the machine from outside (machine cut).`;
  const error: NonNullable<Assignment["error"]> = { code: failed.reason, message };
  const active = await rows(
    tx,
    sql`update assignments set error = ${json(error)} where id = ${assignment} and state = 'active' returning id`,
  );
  if (active.length === 0 || assignment === null || machine === null) return false;
  await tell(tx, { kind: "keys", actor, reason: "setup_failed", pool, machine, assignment, data: error });
  return true;
}

/**
 * Queues a set-up run for an assignment's machine, unless an operation on that machine is already running. A machine that is cut gets
 * the run when it is started again.
 */
export async function queueSetup(tx: Db, assignment: string): Promise<void> {
  await tx.execute(sql`
    insert into operations (kind, node, machine, assignment)
    select 'setup', m.node, m.id, a.id from assignments a join machines m on m.id = a.machine
    where a.id = ${assignment} and m.cut is null
    on conflict (machine) where ${isLiveOperation()} do nothing`);
}

/**
 * Queues the missing set-up of a live assignment after an operation on its machine has ended: one that could not be queued
 * during that operation, or one for keys that were replaced while it ran.
 */
export async function queueSetupIfDue(tx: Db, machine: string): Promise<void> {
  const [found] = await rows<{ id: string; state: string; sshKeys: string[]; onMachine: string[] }>(
    tx,
    sql`select id, state, ssh_keys as "sshKeys", coalesce(handover -> 'keys' -> username, '[]') as "onMachine"
      from assignments where machine = ${machine} and state in ('setting_up', 'active')`,
  );
  if (found === undefined) return;
  const { id, state, sshKeys } = found;
  const onMachine = new Set(found.onMachine.map(sshKeyIdentity));
  const same =
    sshKeys.length === onMachine.size && sshKeys.every((key) => onMachine.has(sshKeyIdentity(key)));
  if (state === "setting_up" || !same) await queueSetup(tx, id);
}
