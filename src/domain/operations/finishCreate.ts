import { sql } from "drizzle-orm";
import type { OperationResult } from "../../contract/operationResult.ts";
import { rows } from "../../db/client.ts";
import type { Standing } from "../core/leased.ts";
import { canaryFailed, canaryReady } from "../health/applyBrake.ts";
import { endOperation, takenBy } from "../core/operations.ts";
import type { Actor } from "../core/reasons.ts";
import { noteFull } from "../capacity/applyRefusal.ts";
import { createBackoffSeconds } from "../core/backoff.ts";
import { tearDown } from "../core/teardown.ts";
import { json } from "../core/event.ts";
import { moveMachines } from "../core/moves.ts";
import type { Change } from "../core/touched.ts";

type Created = Extract<OperationResult, { outcome: "created" }>;
type CreateFailed = Extract<OperationResult, { outcome: "create_failed" }>;

/**
 * The machine is known good: it turns `ready`. One that is no longer wanted stays `deleting`, and its delete follows.
 * A machine whose host key was never pinned cannot become ready: a constraint of the table prevents it.
 */
export async function created(tx: Change, lease: Standing, result: Created, actor: Actor): Promise<void> {
  const { driver, driverRef, host, port, access } = result;
  await endOperation(tx, lease.id, lease.state === "cancelling" ? "cancelled" : "succeeded", null);
  // Before this machine is locked, for it may lock others. A create that is still wanted makes its machine ready.
  if (lease.state === "leased") await canaryReady(tx, lease.node, actor);
  await tx.execute(sql`
    update machines set driver = ${driver}, driver_ref = ${driverRef} where id = ${lease.machine}`);
  const ready = await moveMachines(tx, sql`select ${lease.machine}::uuid`, {
    to: "ready",
    from: ["provisioning"],
    actor,
    reason: "known_good",
    set: sql`ready_at = now(), create_seconds = ${takenBy(lease.id)}, dial_host = ${host}, dial_port = ${port},
      access_host = ${access.host}, access_port = ${access.port}`,
  });
  if (ready.length === 0) return;
  await tx.execute(sql`
    update pools set create_failures = 0, create_not_before = null
    where name = ${lease.pool} and (create_failures > 0 or create_not_before is not null)`);
}

/** Crash-only: the machine is taken down with its evidence, and the pool waits longer before each next try. */
export async function createFailed(
  tx: Change,
  lease: Standing,
  result: CreateFailed,
  actor: Actor,
): Promise<void> {
  await endOperation(
    tx,
    lease.id,
    lease.state === "cancelling" ? "cancelled" : "failed",
    null,
    result.message,
  );
  await tx.execute(sql`
    update machines set evidence = ${json({ error: result.message, ...result.evidence })} where id = ${lease.machine}`);
  const down = await tearDown(tx, sql`select ${lease.machine}::uuid`, {
    from: ["provisioning"],
    actor,
    reason: result.reason === "no_capacity" ? "node_full" : "create_failed",
    data: { reason: result.reason, message: result.message },
  });
  if (result.reason === "no_capacity" && lease.machine !== null)
    await noteFull(tx, lease.machine, result.message);
  if (down.length === 0 || (await canaryFailed(tx, lease.node, result))) return;
  const [pool] = await rows<{ failures: number }>(
    tx,
    sql`update pools set create_failures = create_failures + 1 where name = ${lease.pool}
      returning create_failures as failures`,
  );
  const wait = createBackoffSeconds(pool?.failures ?? 1, Math.random());
  await tx.execute(sql`
    update pools set create_not_before = now() + make_interval(secs => ${wait}) where name = ${lease.pool}`);
}
