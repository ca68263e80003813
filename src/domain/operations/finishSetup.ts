import { type SQL, sql } from "drizzle-orm";
import type { Assignment } from "../../contract/assignment.ts";
import type { OperationResult } from "../../contract/operationResult.ts";
import { type Db, rows } from "../../db/client.ts";
import { noteMiss } from "../health/applyBrake.ts";
import { keysFailed, queueSetupIfDue } from "../assignments/keys.ts";
import { answeredBy, takenCause } from "../health/heard.ts";
import { ownersOf } from "../health/hostKeys.ts";
import type { Standing } from "../core/leased.ts";
import { pairWaiting } from "../assignments/match.ts";
import { endOperation, requeueOperation } from "../core/operations.ts";
import type { Actor } from "../core/reasons.ts";
import { queueRecheck } from "../health/schedule.ts";
import { retryBackoffSeconds } from "../core/backoff.ts";
import { SETTINGS } from "../core/limits.ts";
import { tearDown } from "../core/teardown.ts";
import { json } from "../core/event.ts";
import { heldBy } from "../core/hold.ts";
import { moveAssignments, moveMachines } from "../core/moves.ts";
import { type Change, touch } from "../core/touched.ts";

type SetUp = Extract<OperationResult, { outcome: "set_up" }>;
type SetupFailed = Extract<OperationResult, { outcome: "setup_failed" }>;

const assignmentOf = (lease: Standing) => sql`select ${lease.assignment}::uuid`;

/** The machine is the tester's. Secrets are forgotten: the set-up alone needed them. */
export async function setUp(tx: Change, lease: Standing, result: SetUp, actor: Actor): Promise<void> {
  await endOperation(tx, lease.id, "succeeded", null);
  await moveAssignments(tx, assignmentOf(lease), {
    to: "active",
    from: ["setting_up"],
    actor,
    reason: "set_up",
    set: sql`active_at = now(), secrets = '{}', error = null, outputs = ${json(result.outputs)},
      step = (step - 'text') || jsonb_build_object('step', step -> 'steps', 'percent', 100, 'title', 'Done')`,
  });
  await tx.execute(
    sql`update assignments set handover = ${json(result.handover)}, error = null where id = ${lease.assignment}`,
  );
  if (lease.machine !== null) await queueSetupIfDue(tx, lease.machine);
}

/**
 * A machine that could not be reached before the first login is swapped under the assignment: the machine turns
 * suspect and health decides about it, the assignment goes back to its old place in the line and gets the next ready
 * machine, in the same transaction: its tester sees nobody wait where nobody has to. After the first login, and after `maxSwaps`, the set-up has failed and the tester is told.
 */
export async function setupFailed(
  tx: Change,
  lease: Standing,
  result: SetupFailed,
  actor: Actor,
): Promise<void> {
  const sibling = await siblingThere(tx, result);
  if (sibling !== null) return addressWrong(tx, lease, sibling, actor);
  await endOperation(tx, lease.id, "failed", null, result.message);
  if (result.takenBy !== undefined && (await swapTaken(tx, lease, result.takenBy, actor))) return;
  if (result.reason === "unreachable" && (await swap(tx, lease, NEVER_LOGGED_IN, result.message, actor)))
    return;
  if (result.reason === "machine_refused" && (await swapRefusing(tx, lease, result, actor))) return;
  if (await keysFailed(tx, lease, result, actor)) return;
  const error = {
    code: result.reason,
    message: result.message,
    ...(result.step === undefined ? {} : { step: result.step }),
  } satisfies Assignment["error"];
  await moveAssignments(tx, assignmentOf(lease), {
    to: "failed",
    from: ["setting_up"],
    actor,
    reason: "setup_failed",
    data: error,
    set: sql`error = ${json(error)}`,
  });
}

/**
 * A machine that could not be prepared for its recipe, which had not begun: another may do. Nobody gets this one after a
 * tester of whom something may be on it, whatever it answers.
 */
async function swapRefusing(
  tx: Change,
  lease: Standing,
  result: SetupFailed,
  actor: Actor,
): Promise<boolean> {
  if (!(await swap(tx, lease, RECIPE_NOT_BEGUN, result.message, actor))) return false;
  if (result.untouched !== true) {
    const data = { cause: result.message };
    await tearDown(tx, sql`select ${lease.machine}::uuid`, {
      actor,
      reason: "swapped",
      data,
      from: ["suspect"],
    });
  }
  return true;
}

/**
 * Somebody was set up on the machine before, of whom a database that was restored from a backup knows nothing: they may be
 * using it. So a person decides about it, and the assignment gets another one, however often that happens.
 */
async function swapTaken(tx: Change, lease: Standing, other: string, actor: Actor): Promise<boolean> {
  const cause = takenCause(other);
  const back = await swapAssignment(tx, lease, sql`true`, cause, actor);
  if (back.length === 0 || lease.machine === null) return false;
  await moveMachines(tx, sql`select ${lease.machine}::uuid`, {
    to: "held",
    from: ["assigned"],
    actor,
    reason: "taken",
    data: { cause },
    set: heldBy(actor, cause),
  });
  if (lease.pool !== null) await pairWaiting(tx, lease.pool, actor);
  return true;
}

/** What must hold of the assignment for a swap. Each machine that it was given is an attempt, and so is each retry. */
const NEVER_LOGGED_IN = sql`logged_in_at is null`;
const RECIPE_NOT_BEGUN = sql`attempt = swaps + 1 and coalesce((step ->> 'step')::int, 1) <= 1`;

async function swap(tx: Change, lease: Standing, when: SQL, cause: string, actor: Actor): Promise<boolean> {
  const back = await swapAssignment(tx, lease, sql`${when} and swaps < ${SETTINGS.maxSwaps}`, cause, actor);
  if (back.length === 0 || lease.machine === null) return false;
  await noteMiss(tx, { node: lease.node, machine: lease.machine, cause }, actor);
  await moveMachines(tx, sql`select ${lease.machine}::uuid`, {
    to: "suspect",
    from: ["assigned"],
    actor,
    reason: "swapped",
    data: { cause },
    set: sql`strikes = strikes + 1`,
  });
  await queueRecheck(tx, lease.node);
  if (lease.pool !== null) await pairWaiting(tx, lease.pool, actor);
  return true;
}

/** Back to its place in the line, if `when` holds of it. */
function swapAssignment(tx: Change, lease: Standing, when: SQL, cause: string, actor: Actor) {
  const which = sql`select id from assignments
    where id = ${lease.assignment} and machine = ${lease.machine} and ${when}`;
  return moveAssignments(tx, which, {
    to: "waiting",
    from: ["setting_up"],
    actor,
    reason: "swapped",
    data: { cause, missed: lease.machine },
    set: sql`swaps = swaps + 1`,
  });
}

/** The machine of this installation whose host key was presented, if the host key changed. */
async function siblingThere(tx: Db, { presented }: SetupFailed): Promise<string | null> {
  if (presented === undefined) return null;
  const [owner] = await rows<{ name: string }>(tx, ownersOf([presented]));
  return owner?.name ?? null;
}

/**
 * Another machine of ours answers at the address: a host that was started again has given it away. No tester has failed by
 * that. Before the first login it is a swap like any other; afterwards the set-up waits for the probe that finds the machine.
 */
async function addressWrong(tx: Change, lease: Standing, sibling: string, actor: Actor): Promise<void> {
  const cause = answeredBy(sibling);
  if (await swap(tx, lease, NEVER_LOGGED_IN, cause, actor))
    return endOperation(tx, lease.id, "failed", null, cause);
  await requeueOperation(tx, lease.id, retryBackoffSeconds(lease.attempt, Math.random()), cause);
  touch(tx.touched, ["probe"], { node: lease.node });
}
