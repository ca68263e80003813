import { sql } from "drizzle-orm";
import type { ImportProblem } from "../../contract/import.ts";
import type { OperationResult } from "../../contract/operationResult.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { json, tell } from "../core/event.ts";
import { endsAfter } from "../core/expiry.ts";
import type { Standing } from "../core/leased.ts";
import { isLiveMachine, isLiveOperation } from "../core/live.ts";
import { endOperation, requeueOperation } from "../core/operations.ts";
import { specField, specNumber } from "../core/spec.ts";
import type { Change } from "../core/touched.ts";
import { freePorts } from "../supply/ports.ts";
import { readFacts } from "./facts.ts";
import { judgeImport } from "./judge.ts";
import { type ImportResult, type PendingImport, readPending } from "./pending.ts";

type Imported = Extract<OperationResult, { outcome: "imported" }>;

/**
 * How an import ends. The relay has looked at the machine and, unless that was only a plan, marked it. Now it gets its row
 * and its tester, in the transaction that locks the pool; if something speaks against it by now, the mark goes off again.
 */
export async function imported(tx: Change, lease: Standing, result: Imported): Promise<void> {
  const pending = await readPending(tx, lease.id);
  const { host, port, access, hostKey } = result;
  const candidate = { ...pending, node: lease.node };
  const facts = await readFacts(tx, candidate, { host, port });
  // Its relay was heard just now, whatever the node's state is.
  const verdict = judgeImport(candidate, { ...facts, node: { isOnline: true } }, Date.now());
  const found = { access, fingerprint: hostKey.fingerprint };
  const { plan, expiresAt } = pending;
  if (verdict === "unchanged" || (verdict === "new" && plan)) {
    return end(tx, lease.id, "succeeded", { problem: null, found, expiresAt });
  }
  if (verdict !== "new") {
    await refuse(tx, lease.id, verdict, found);
    if (!plan && facts.named === null) await queueUnmark(tx, lease.node, pending.machine);
    return;
  }
  const ends = await takeOver(tx, lease, pending, result);
  return end(tx, lease.id, "succeeded", { problem: null, found, expiresAt: ends });
}

/** The relay found that it cannot be: nothing was marked. */
export function importRefused(
  tx: Change,
  lease: Standing,
  { message, fix }: { message: string; fix: string },
): Promise<void> {
  return refuse(tx, lease.id, { why: message, fix }, null);
}

/** @returns when the assignment ends by itself; null where it does not. */
async function takeOver(
  tx: Db,
  { node }: Standing,
  pending: PendingImport,
  { driver, driverRef, hostKey, host, port, access }: Imported,
): Promise<string | null> {
  const { pool, username, machine: name, sealed, by } = pending;
  if (sealed === null) throw new Error(`the import of ${name} has ended before`);
  const { id } = sealed;
  await tx.execute(sql`
    insert into testers (pool, username, assignment) values (${pool}, ${username}, ${id})
    on conflict (pool, username) do update set assignment = excluded.assignment where testers.assignment is null`);
  const [{ there } = { there: 0 }] = await rows<{ there: number }>(
    tx,
    sql`select count(*)::int as there from machines m where m.node = ${node} and ${isLiveMachine(sql`m`)}`,
  );
  const about = { node, pool, reason: "imported", actor: by } as const;
  const [made] = await rows<{ machine: string }>(
    tx,
    sql`with free as (${freePorts(node, there)}),
      machine as (
        insert into machines (name, pool, node, state, port, http_port, dial_host, dial_port, access_host, access_port,
          host_key, driver, driver_ref, machine_spec, shape, ready_at, imported_at)
        select ${name}, p.name, ${node}, 'assigned', (select port from free where n = 1),
          (select port from free where n = 2), ${host}, ${port}, ${access.host}, ${access.port}, ${json(hostKey)},
          ${driver}, ${driverRef}, ${MADE_ELSEWHERE}, ${specField("shape")}, now(), now()
        from pools p where p.name = ${pool}
        returning id
      ),
      made as (
        insert into assignments (id, pool, username, external_id, state, machine, ssh_keys, params, secrets,
          secret_marks, recipe, recipe_version, ttl_seconds, outputs, attempt, claimed_at, active_at, handover)
        select ${id}, ${pool}, ${username}, ${pending.externalId}, 'active', machine.id, ${json(pending.sshKeys)},
          ${json(sealed.params)}, ${json(sealed.secrets)}, ${json(sealed.marks)}, ${pending.recipe.name},
          ${pending.recipe.version}, coalesce(
            ceil(extract(epoch from ${pending.expiresAt}::timestamptz - now()))::int,
            ${specNumber("assignmentTtlSeconds")}), ${json(pending.outputs)}, 1, now(), now(),
          ${json({ hostKey: hostKey.fingerprint, keys: { [username]: pending.sshKeys } })}
        from machine, pools p where p.name = ${pool}
        returning id, machine
      )
      select machine from made`,
  );
  if (made === undefined) throw new Error(`pool ${pool} went away under its lock`);
  const [ends] = await rows<{ expiresAt: string | null }>(
    tx,
    sql`update assignments set ${endsAfter(sql`active_at`, sql`ttl_seconds`)} where id = ${id}
      returning ${iso(sql`expires_at`)} as "expiresAt"`,
  );
  const { machine } = made;
  await tell(tx, { kind: "machine", ...about, machine, after: "assigned", data: { hostKey } });
  await tell(tx, { kind: "assignment", ...about, machine, assignment: id, after: "active" });
  return ends?.expiresAt ?? null;
}

/** Its spec is no pool's: it is shown as stale, and never counts as one of those that are wanted. */
const MADE_ELSEWHERE = "imported";

async function refuse(
  tx: Change,
  operation: string,
  problem: ImportProblem,
  found: ImportResult["found"],
): Promise<void> {
  await end(tx, operation, "failed", { problem, found, expiresAt: null }, `${problem.why}. ${problem.fix}`);
}

/** The secrets of the record are the assignment's from now on, or nobody's. */
async function end(
  tx: Change,
  operation: string,
  state: "succeeded" | "failed",
  result: ImportResult,
  error: string | null = null,
): Promise<void> {
  await endOperation(tx, operation, state, result, error);
  await tx.execute(sql`update operations set record = record || '{"sealed": null}' where id = ${operation}`);
}

/** Has the relay take the mark off a machine that no row stands for any more. */
export async function queueUnmark(tx: Db, node: string, machine: string): Promise<void> {
  await tx.execute(sql`
    insert into operations (kind, node, record) values ('unmark', ${node}, ${json({ machine })})
    on conflict (node, (record ->> 'machine')) where record is not null and ${isLiveOperation()} do nothing`);
}

/**
 * It is tried again for a while. A mark that stays makes the machine an orphan that waits for a person, because it had a
 * tester or was never given out (src/domain/orphans): nothing is torn down.
 */
export async function unmarkFailed(tx: Change, lease: Standing, message: string): Promise<void> {
  if (lease.attempt < MOST_UNMARKS) await requeueOperation(tx, lease.id, AGAIN_SECONDS, message);
  else await endOperation(tx, lease.id, "failed", null, message);
}

const MOST_UNMARKS = 20;
const AGAIN_SECONDS = 30;
