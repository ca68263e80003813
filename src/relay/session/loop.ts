import type { LeasedOperation, OpenResult } from "../../contract/relay.ts";
import type { OperationResult } from "../../contract/operationResult.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import type { Driver } from "../driver.ts";
import { type Edge, EdgeError, endsSession, retryMs } from "./edge.ts";
import { Cancelled, LeaseLost, Stopping, wordsOf } from "../errors.ts";
import type { Executors } from "./lease.ts";
import type { HighestNumber } from "./identity.ts";
import type { HeldLease } from "./lease.ts";
import { log } from "../log.ts";
import { Nudge } from "./nudge.ts";
import { Renewer } from "./renewer.ts";
import { refusal } from "./session.ts";
import { refusedResult } from "./refusedResult.ts";
import { Slots } from "./slots.ts";
import { head } from "../text.ts";

/** The edge's own bound on a long poll. */
const WAIT_SECONDS = 25;
const REPORT_MS = 60_000;
/** Between two reports at least: what changes meanwhile is told together. */
const REPORT_PAUSE_MS = 1000;
/** From the signal to stop until what still runs is left behind; set-ups go on on their machines. */
const STOP_SECONDS = 3;

/**
 * Lease → run → finish, until `signal` is aborted. Results are kept and told when the edge can be reached again.
 * @throws RelayError where the edge refuses this relay, or a newer one has taken over.
 */
export async function serve(
  edge: Edge,
  driver: Driver,
  session: OpenResult,
  execute: Executors,
  highest: HighestNumber,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<void> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const renewals = new AbortController();
  const renewer = new Renewer(edge, session, clock);
  const slots = new Slots();
  const deliveries = new AbortController();
  const changed = new Nudge(clock);

  /** Set-ups, restarts and cuts by machine. */
  const endable = new Map<string, HeldLease>();

  const take = (operation: LeasedOperation, askedAt: number): void => {
    const lease = renewer.hold(operation, askedAt);
    const subject = operation.kind === "probe" ? "" : operation.machine.id;
    // That the edge wants the machine deleted, restarted or cut says that its set-up or restart is over. Without this they
    // would wait for it, and a tester with them, until a renewal told the same.
    if (operation.kind === "delete" || operation.kind === "restart" || operation.kind === "cut")
      endable.get(subject)?.end(new LeaseLost(`The machine will now be ${AFTERWARDS[operation.kind]}.`));
    if (operation.kind === "setup" || operation.kind === "restart" || operation.kind === "cut")
      endable.set(subject, lease);
    log.info("Leased", { ...nameOf(operation), token: operation.token, attempt: operation.attempt });
    slots.take(operation, async () => {
      try {
        const result: OperationResult = stop.aborted
          ? { outcome: "handed_back" }
          : await run(operation, lease, execute);
        if (CHANGING.has(operation.kind)) changed.nudge();
        await deliver(edge, session.session, operation, result, deliveries.signal, clock);
      } catch (error) {
        // Nothing is finished: whoever leases it next observes first.
        log.warn("Abandoned", { ...nameOf(operation), token: operation.token, cause: wordsOf(error) });
      } finally {
        renewer.drop(lease);
        if (endable.get(subject) === lease) endable.delete(subject);
      }
    });
  };

  const duties = [
    leaseLoop(edge, session, slots, take, highest, stop, clock),
    reportLoop(edge, driver, session.session, changed, stop, clock),
    renewer.run(renewals.signal),
  ].map((duty) =>
    duty.catch((error: unknown) => {
      over.abort(endsSession(error) ? refusal(error) : error);
    }),
  );
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener("abort", () => resolve(), { once: true });
  });
  renewer.endAll(new Stopping("The relay is stopping."));
  await Promise.race([slots.idle(), clock.pause(STOP_SECONDS * 1000, deliveries.signal)]);
  deliveries.abort(new Stopping("The relay has stopped."));
  renewals.abort();
  await Promise.all(duties);
  if (over.signal.aborted) throw over.signal.reason;
}

/** After these the node has another machine of ours, or one less. */
const CHANGING: ReadonlySet<LeasedOperation["kind"]> = new Set(["create", "delete", "import", "unmark"]);
const AFTERWARDS = { delete: "deleted", restart: "restarted", cut: "stopped" } as const;

async function run(
  operation: LeasedOperation,
  lease: HeldLease,
  execute: Executors,
): Promise<OperationResult> {
  try {
    return await execute(operation, lease);
  } catch (error) {
    if (error instanceof Cancelled) return { outcome: "handed_back" };
    throw error;
  }
}

async function leaseLoop(
  edge: Edge,
  session: OpenResult,
  slots: Slots,
  take: (operation: LeasedOperation, askedAt: number) => void,
  highest: HighestNumber,
  stop: AbortSignal,
  clock: Clock,
): Promise<void> {
  let failures = 0;
  while (!stop.aborted) {
    const { free } = slots;
    const full = free.setups === 0 || free.others === 0;
    // A lease is counted from before the poll, so the poll must leave most of it; a full relay looks again soon.
    const waitSeconds = full ? 1 : Math.min(WAIT_SECONDS, session.leaseSeconds / 2.4);
    const askedAt = clock.now();
    try {
      const { operations, concurrency } = await edge.lease(
        { session: session.session, free, waitSeconds, highestMachineNumber: highest.value },
        stop,
      );
      failures = 0;
      if (concurrency !== undefined) slots.allow(concurrency);
      for (const operation of operations) {
        // Before the next poll, which says what this relay has seen.
        if (operation.kind === "create") highest.heard(operation.machine.number);
        take(operation, askedAt);
      }
      if (operations.length === 0 && clock.now() - askedAt < 500) await clock.pause(500, stop);
    } catch (error) {
      if (stop.aborted) return;
      if (endsSession(error)) throw error;
      failures += 1;
      log.warn("Leasing failed; trying again", { cause: wordsOf(error), failures });
      await clock.pause(retryMs(error, failures), stop).catch(() => undefined);
    }
  }
}

/** Tells what the node has: at once, after every change of its machines, and every minute. */
async function reportLoop(
  edge: Edge,
  driver: Driver,
  session: string,
  changed: Nudge,
  stop: AbortSignal,
  clock: Clock,
): Promise<void> {
  let failures = 0;
  while (!stop.aborted) {
    try {
      const inventory = await driver.capacity(clock.within(driver.callSeconds.capacity, stop));
      await edge.report({ session, inventory }, stop);
      failures = 0;
    } catch (error) {
      if (stop.aborted) return;
      if (endsSession(error)) throw error;
      failures += 1;
      log.warn("Reporting the node's capacity failed", { cause: wordsOf(error), failures });
      const problem = problemOf(error);
      if (problem !== null) await tellProblem(edge, session, problem, stop);
    }
    await clock
      .pause(failures === 0 ? REPORT_PAUSE_MS : retryMs(null, failures), stop)
      .catch(() => undefined);
    if (failures === 0) await changed.next(REPORT_MS - REPORT_PAUSE_MS, stop);
  }
}

/** What is wrong with the driver, and not with the way to the edge; null where nothing is known to be. */
function problemOf(error: unknown): string | null {
  if (!(error instanceof EdgeError)) return wordsOf(error);
  return error.code === "BAD_REQUEST" ? `the edge rejected the driver's inventory: ${wordsOf(error)}` : null;
}

/** That the driver does not answer is told once a try; the next try tells it again. @throws where the session has ended */
async function tellProblem(edge: Edge, session: string, message: string, stop: AbortSignal): Promise<void> {
  await edge.report({ session, driverProblem: head(message, 500) }, stop).catch((error: unknown) => {
    if (endsSession(error)) throw error;
  });
}

/**
 * Tells the edge a result until it has heard it; a stale one is dropped. One that the edge cannot read would be refused
 * each time the operation is done again: it ends as failed, in words.
 */
async function deliver(
  edge: Edge,
  session: string,
  operation: LeasedOperation,
  result: OperationResult,
  signal: AbortSignal,
  clock: Clock,
): Promise<void> {
  const { id, token } = operation;
  let told: OperationResult = result;
  for (let failures = 1; ; failures += 1) {
    try {
      await edge.finish({ session, id, token, result: told }, signal);
      log.info("Finished", { ...nameOf(operation), token, outcome: told.outcome, ...causeOf(told) });
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof EdgeError && error.code === "LEASE_LOST")
        throw new LeaseLost("The result came too late.");
      if (endsSession(error)) throw error;
      if (error instanceof EdgeError && error.code === "BAD_REQUEST") {
        const instead = told === result ? refusedResult(operation.kind, wordsOf(error)) : null;
        if (instead === null) throw error;
        log.warn("The edge rejected a result", { ...nameOf(operation), cause: wordsOf(error) });
        told = instead;
        continue;
      }
      log.warn("Finishing failed; trying again", { ...nameOf(operation), cause: wordsOf(error), failures });
      await clock.pause(retryMs(error, failures), signal);
    }
  }
}

function nameOf(operation: LeasedOperation): { kind: string; machine: string } {
  return {
    kind: operation.kind,
    machine: operation.kind === "probe" ? `${operation.machines.length} machines` : operation.machine.name,
  };
}

function causeOf(result: OperationResult): { cause?: string } {
  return "message" in result ? { cause: result.message } : {};
}
