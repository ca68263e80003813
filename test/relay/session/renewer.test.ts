import { expect, test } from "vitest";
import type { z } from "zod";
import type { renewInput, RenewResult } from "../../../src/contract/relay.ts";
import { EdgeError } from "../../../src/relay/session/edge.ts";
import { LeaseLost } from "../../../src/relay/errors.ts";
import { Renewer } from "../../../src/relay/session/renewer.ts";
import { testClock } from "../../helpers/testClock.ts";
import { quiet } from "../helpers/quiet.ts";

quiet();

/** A renewer on a clock of the test's, before an edge that answers every call at once: it holds the lease, or is away. */
function renewing(session: { leaseSeconds: number; renewSeconds: number }) {
  const clock = testClock();
  const stopping = new AbortController();
  const calls: { at: number; operations: z.input<typeof renewInput>["operations"] }[] = [];
  const edge = {
    isAway: false,
    async renew({ operations }: z.input<typeof renewInput>): Promise<RenewResult> {
      if (edge.isAway) throw new EdgeError("UNAVAILABLE", "away", 0);
      calls.push({ at: clock.now(), operations });
      return { operations: operations.map(({ id }) => ({ id, status: "held" })) };
    },
  };
  const renewer = new Renewer(edge, { session: "s", ...session }, clock);
  const ended = renewer.run(stopping.signal);
  let token = 0;
  return {
    clock,
    edge,
    calls,
    hold: () => renewer.hold({ id: `operation-${(token += 1)}`, token }, clock.now()),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await ended;
    },
  };
}

test("renewer: what is held outlasts its lease many times, with one call for all every renewSeconds", async () => {
  await using relay = renewing({ leaseSeconds: 60, renewSeconds: 15 });
  const start = relay.clock.now();
  const held = [relay.hold(), relay.hold(), relay.hold()];
  await relay.clock.advance(600_000);
  expect(held.map(({ signal }) => signal.aborted)).toEqual([false, false, false]);
  expect(relay.calls.map(({ at, operations }) => [at - start, operations.length])).toEqual(
    Array.from({ length: 40 }, (_, n) => [(n + 1) * 15_000, 3]),
  );
});

test("renewer: a lease that cannot be renewed runs out by the relay's own clock, and not before", async () => {
  await using relay = renewing({ leaseSeconds: 60, renewSeconds: 15 });
  const lease = relay.hold();
  relay.edge.isAway = true;
  await relay.clock.advance(59_999);
  expect(lease.signal.aborted).toBe(false);
  await relay.clock.advance(1);
  expect(lease.signal.reason).toBeInstanceOf(LeaseLost);
  expect(() => lease.ensure()).toThrow(LeaseLost);
});

test("renewer: an edge that comes back before the end of the lease keeps it", async () => {
  await using relay = renewing({ leaseSeconds: 60, renewSeconds: 15 });
  const lease = relay.hold();
  relay.edge.isAway = true;
  await relay.clock.advance(45_000);
  relay.edge.isAway = false;
  await relay.clock.advance(60_000);
  expect(lease.signal.aborted).toBe(false);
});

test("lease: a side effect that the lease would not outlast is not begun", async () => {
  await using relay = renewing({ leaseSeconds: 60, renewSeconds: 600 });
  const lease = relay.hold();
  await relay.clock.advance(50_000);
  expect(() => lease.ensure(10)).not.toThrow();
  await relay.clock.advance(1);
  expect(() => lease.ensure(10)).toThrow(LeaseLost);
  expect(lease.signal.aborted).toBe(true);
});

test("renewer: what has to be confirmed is sent at once, what is reported together in one call within a second", async () => {
  await using relay = renewing({ leaseSeconds: 60, renewSeconds: 15 });
  const lease = relay.hold();
  const start = relay.clock.now();
  const confirmed = lease.confirm({ kind: "setup", loggedIn: true });
  await relay.clock.advance(0);
  expect(relay.calls).toHaveLength(1);
  await confirmed;
  const reported = [
    lease.report({ kind: "setup", outputs: { a: "1" } }),
    lease.report({ kind: "setup", outputs: { b: "2" } }),
  ];
  await relay.clock.advance(999);
  expect(relay.calls).toHaveLength(1);
  await relay.clock.advance(1);
  expect(relay.calls).toHaveLength(2);
  await Promise.all(reported);
  expect(relay.calls.map(({ at, operations }) => [at - start, operations[0]?.progress])).toEqual([
    [0, { kind: "setup", loggedIn: true }],
    [1000, { kind: "setup", outputs: { a: "1", b: "2" } }],
  ]);
});
