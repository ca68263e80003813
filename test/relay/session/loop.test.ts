import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { LeasedOperation } from "../../../src/contract/relay.ts";
import type { Driver } from "../../../src/relay/driver.ts";
import { type Edge, EdgeError } from "../../../src/relay/session/edge.ts";
import type { HighestNumber } from "../../../src/relay/session/identity.ts";
import { serve } from "../../../src/relay/session/loop.ts";
import { testClock } from "../../helpers/testClock.ts";
import { quiet } from "../helpers/quiet.ts";

quiet();

const machine = { id: randomUUID(), name: "m-1", driverRef: null };
const operation: LeasedOperation = { kind: "delete", id: randomUUID(), token: 1, attempt: 1, machine };

/** A relay's loop on a clock of the test's. The edge gives out operations, which end only if their lease does. */
function serving(
  executor: "ends with its lease" | "never ends",
  operations: LeasedOperation[] = [operation],
) {
  const clock = testClock();
  const stopping = new AbortController();
  const seen = {
    leases: [] as number[],
    started: 0,
    isAway: false,
    ended: [] as string[],
    problems: [] as unknown[],
    refusesInventory: false,
  };
  const queue = [...operations];
  const edge: Pick<Edge, "lease" | "renew" | "finish" | "report"> = {
    async lease(_input, signal) {
      seen.leases.push(clock.now());
      if (seen.isAway) throw new EdgeError("UNREACHABLE", "away", 0);
      const next = queue.splice(0, 1);
      if (next.length === 0) await clock.pause(25_000, signal);
      return { operations: next };
    },
    renew: async ({ operations }) => ({ operations: operations.map(({ id }) => ({ id, status: "held" })) }),
    finish: async () => ({ ok: true }),
    report: async ({ inventory, driverProblem }) => {
      if (driverProblem !== undefined) seen.problems.push(driverProblem);
      if (inventory !== undefined && seen.refusesInventory)
        throw new EdgeError("BAD_REQUEST", "disks: expected at most 100", 0);
      return { ok: true };
    },
  };
  const driver = { callSeconds: { capacity: 10 }, capacity: async () => ({}) };
  const session = { session: "s", node: "n1", installation: "test", leaseSeconds: 60, renewSeconds: 15 };
  const ended = serve(
    edge as Edge,
    driver as unknown as Driver,
    session,
    ({ kind }, lease) =>
      new Promise((_, reject) => {
        seen.started += 1;
        if (executor === "never ends") return;
        lease.signal.addEventListener("abort", () => {
          seen.ended.push(kind);
          reject(lease.signal.reason as Error);
        });
      }),
    { value: 0, heard: () => undefined } as unknown as HighestNumber,
    stopping.signal,
    clock,
  );
  let isOver = false;
  const over = ended.then(() => (isOver = true));
  return {
    clock,
    seen,
    isOver: () => isOver,
    stop: () => stopping.abort(new Error("told to stop")),
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error("the test is over"));
      await clock.advance(60_000);
      await over;
    },
  };
}

test("told to stop: what ends with its lease is not waited for a moment longer", async () => {
  await using relay = serving("ends with its lease");
  await relay.clock.advance(0);
  expect(relay.seen.started).toBe(1);
  relay.stop();
  await relay.clock.advance(0);
  expect(relay.isOver()).toBe(true);
});

test("told to stop: what does not end is left behind after 3 seconds", async () => {
  await using relay = serving("never ends");
  await relay.clock.advance(0);
  relay.stop();
  await relay.clock.advance(2999);
  expect(relay.isOver()).toBe(false);
  await relay.clock.advance(1);
  expect(relay.isOver()).toBe(true);
});

test("an edge that is away is asked again later and later, ten seconds apart at most", async () => {
  await using relay = serving("ends with its lease");
  relay.seen.isAway = true;
  await relay.clock.advance(120_000);
  const gaps = relay.seen.leases.slice(1).map((at, n) => at - (relay.seen.leases[n] ?? 0));
  expect(gaps.length).toBeGreaterThan(12);
  expect(Math.max(...gaps.slice(0, 2))).toBeLessThanOrEqual(1000);
  for (const gap of gaps.slice(6)) expect(gap).toBeGreaterThanOrEqual(7500);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(10_000);
});

test("a restart ends the set-up that hangs on its machine, and does not wait for it", async () => {
  const onIt = (kind: string, token: number) =>
    ({ kind, id: randomUUID(), token, attempt: 1, machine }) as unknown as LeasedOperation;
  await using relay = serving("ends with its lease", [onIt("setup", 1), onIt("restart", 2)]);
  await relay.clock.advance(1000);
  expect(relay.seen.started).toBe(2);
  expect(relay.seen.ended).toEqual(["setup"]);
});

test("an inventory that the edge refuses is told as the driver's problem", async () => {
  await using relay = serving("never ends", []);
  relay.seen.refusesInventory = true;
  await relay.clock.advance(120_000);
  expect(relay.seen.problems).toContain(
    "the edge rejected the driver's inventory: disks: expected at most 100",
  );
});
