import { sql } from "drizzle-orm";
import type { OperationResult } from "../../contract/operationResult.ts";
import type { Db } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { cutDone, cutFailed } from "./finishCut.ts";
import { createFailed, created } from "./finishCreate.ts";
import { deleted, deleteFailed, kept } from "./finishDelete.ts";
import { restarted, restartFailed } from "./finishRestart.ts";
import { setUp, setupFailed } from "./finishSetup.ts";
import { lockLease } from "./lease.ts";
import { leaseLost, type Standing } from "../core/leased.ts";
import { lockNodes } from "../core/locks.ts";
import { importRefused, imported, unmarkFailed } from "../imports/finishImport.ts";
import { endOperation, requeueOperation } from "../core/operations.ts";
import { judgeProbe } from "../health/applyProbe.ts";
import { follow } from "../follow/follow.ts";
import { change } from "../core/change.ts";
import type { Change } from "../core/touched.ts";
import type { Actor } from "../core/reasons.ts";
import { tell } from "../core/event.ts";

/**
 * Takes a relay's result. Everything it changes happens in one transaction that first proves the lease by its token:
 * a stale result changes nothing. What follows is activated after the commit.
 * @throws WarmpoolError LEASE_LOST, or BAD_REQUEST for a result that is not one of that kind of operation.
 */
export async function finish(
  db: Db,
  node: string,
  finished: { session: string; id: string; token: number; result: OperationResult },
): Promise<void> {
  const actor: Actor = `node:${node}`;
  await change(db, actor, follow, async (tx) => {
    await lockLarger(tx, node, finished);
    const lease = await lockLease(tx, finished.session, finished.id, finished.token);
    if (lease === null || lease.node !== node) throw leaseLost(finished.id);
    await apply(tx, lease, finished.result, actor);
  });
}

/** What a result may change in addition to its operation, assignment and machine; a restart is followed by probes of the node. */
const LARGER: Record<OperationResult["outcome"], "nothing" | "node" | "pool and node"> = {
  handed_back: "nothing",
  created: "pool and node",
  create_failed: "pool and node",
  set_up: "nothing",
  setup_failed: "pool and node",
  deleted: "nothing",
  kept: "nothing",
  delete_failed: "nothing",
  restarted: "node",
  restart_failed: "node",
  cut: "nothing",
  cut_failed: "nothing",
  imported: "pool and node",
  import_refused: "nothing",
  unmarked: "nothing",
  unmark_failed: "nothing",
  probed: "node",
};

/** Takes it before the operation, in the order of src/domain/core/locks.ts. */
async function lockLarger(
  tx: Db,
  node: string,
  { id, result }: { id: string; result: OperationResult },
): Promise<void> {
  const larger = LARGER[result.outcome];
  if (larger === "nothing") return;
  if (larger === "pool and node") {
    await tx.execute(sql`
      select 1 from pools where name = (
        select coalesce(m.pool, o.record ->> 'pool') from operations o left join machines m on m.id = o.machine
        where o.id = ${id}) for no key update`);
  }
  await lockNodes(tx, sql`n.name = ${node}`);
}

async function apply(tx: Change, lease: Standing, result: OperationResult, actor: Actor): Promise<void> {
  switch (result.outcome) {
    case "handed_back":
      return handBack(tx, lease, actor);
    case "created":
      expectKind(lease, "create");
      return created(tx, lease, result, actor);
    case "create_failed":
      expectKind(lease, "create");
      return createFailed(tx, lease, result, actor);
    case "set_up":
      expectKind(lease, "setup");
      return setUp(tx, lease, result, actor);
    case "setup_failed":
      expectKind(lease, "setup");
      return setupFailed(tx, lease, result, actor);
    case "deleted":
      expectKind(lease, "delete");
      return deleted(tx, lease, result.receipt, actor);
    case "kept":
      expectKind(lease, "delete");
      return kept(tx, lease, actor);
    case "delete_failed":
      expectKind(lease, "delete");
      return deleteFailed(tx, lease, result.message, actor);
    case "restarted":
      expectKind(lease, "restart");
      return restarted(tx, lease, result, actor);
    case "restart_failed":
      expectKind(lease, "restart");
      return restartFailed(tx, lease, result.message, actor);
    case "cut":
      expectKind(lease, "cut");
      return cutDone(tx, lease, actor);
    case "cut_failed":
      expectKind(lease, "cut");
      return cutFailed(tx, lease, result.message, actor);
    case "imported":
      expectKind(lease, "import");
      return imported(tx, lease, result);
    case "import_refused":
      expectKind(lease, "import");
      return importRefused(tx, lease, result);
    case "unmarked":
      expectKind(lease, "unmark");
      return endOperation(tx, lease.id, "succeeded", null);
    case "unmark_failed":
      expectKind(lease, "unmark");
      return unmarkFailed(tx, lease, result.message);
    case "probed": {
      expectKind(lease, "probe");
      // Ended first: what follows from it may be another look at the same machines.
      await endOperation(tx, lease.id, "succeeded", null);
      return judgeProbe(tx, lease.node, lease, result);
    }
  }
}

async function handBack(tx: Change, lease: Standing, actor: Actor): Promise<void> {
  if (lease.state === "cancelling") {
    await endOperation(tx, lease.id, "cancelled", null);
    return;
  }
  await requeueOperation(tx, lease.id, 0, null);
  if (lease.attempt === 1)
    await tx.execute(sql`update operations set first_leased_at = null where id = ${lease.id}`);
  await tell(tx, {
    kind: "operation",
    actor,
    reason: "shutdown",
    node: lease.node,
    operation: lease.id,
    ...(lease.machine === null ? {} : { machine: lease.machine }),
  });
}

function expectKind(lease: Standing, kind: Standing["kind"]): void {
  if (lease.kind !== kind) {
    throw new WarmpoolError(
      "BAD_REQUEST",
      `operation ${lease.id} is a ${lease.kind}; this is the result of a ${kind}`,
    );
  }
}
