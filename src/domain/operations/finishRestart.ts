import { sql } from "drizzle-orm";
import type { OperationResult } from "../../contract/operationResult.ts";
import { queueSetupIfDue } from "../assignments/keys.ts";
import type { Standing } from "../core/leased.ts";
import { endOperation } from "../core/operations.ts";
import { queueRecheck } from "../health/schedule.ts";
import type { Actor, Reason } from "../core/reasons.ts";
import { tell } from "../core/event.ts";
import { type Change, touch } from "../core/touched.ts";

type Restarted = Extract<OperationResult, { outcome: "restarted" }>;

/** It answers again, maybe at another address. Its state is health's business: a probe follows at once. */
export async function restarted(tx: Change, lease: Standing, result: Restarted, actor: Actor): Promise<void> {
  const { host, port, access } = result;
  await endOperation(tx, lease.id, "succeeded", null);
  await tx.execute(sql`
    update machines set dial_host = ${host}, dial_port = ${port}, access_host = ${access.host},
      access_port = ${access.port} where id = ${lease.machine}`);
  await after(tx, lease, "restarted", {}, actor);
}

/** What it is now nobody knows: the probe that follows says, and a person may ask for another restart. */
export async function restartFailed(
  tx: Change,
  lease: Standing,
  message: string,
  actor: Actor,
): Promise<void> {
  await endOperation(tx, lease.id, "failed", null, message);
  await after(tx, lease, "restart_failed", { message }, actor);
}

async function after(
  tx: Change,
  lease: Standing,
  reason: Reason,
  data: Record<string, unknown>,
  actor: Actor,
): Promise<void> {
  const { node, machine, pool } = lease;
  if (machine === null || pool === null) return;
  await tx.execute(sql`update machines set restarted_at = now() where id = ${machine}`);
  await tell(tx, { kind: "machine", actor, reason, pool, node, machine, operation: lease.id, data });
  await queueSetupIfDue(tx, machine);
  touch(tx.touched, ["probe"], { node });
  // A running probe started earlier, so its result for this machine is ignored: the recheck counts.
  await queueRecheck(tx, node);
}
