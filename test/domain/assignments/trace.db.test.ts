import { expect, test } from "vitest";
import type { SetupOperation } from "../../../src/contract/relay.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { retryAssignment } from "../../../src/domain/assignments/retry.ts";
import { testDb } from "../../helpers/db.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { APP, doHappily, KEY_A, makeWorld, setUpOf } from "../../helpers/world.ts";

const ALICE = { username: "alice", sshKeys: [KEY_A] };
const TRACE = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;

test("trace: a set-up, its swap and its retry → all continue the trace of the assign", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await relay.workOff();
  const asked: string[] = [];
  const trace = (id: string) => {
    asked.push(id);
    return TRACE;
  };
  const { assignment } = await assign(t.connection, { ...ALICE, trace }, APP);
  expect(asked).toEqual([assignment.id]);
  const first = await relay.take("setup");
  await relay.finish(first, { outcome: "setup_failed", reason: "unreachable", message: "refused" });
  const swapped = await relay.take("setup");
  expect(swapped.machine.id).not.toBe(first.machine.id);
  await relay.finish(swapped, {
    outcome: "setup_failed",
    reason: "step_failed",
    message: "no",
    step: "hello",
  });
  // A second assign for the same tester gets the assignment that exists, and is no part of its trace.
  await assign(t.connection, { ...ALICE, trace: () => TRACE.replaceAll("a", "c") }, APP);
  await retryAssignment(t.db, assignment.id, APP);
  const retried = await relay.take("setup");
  expect([first, swapped, retried].map((setup) => setup.traceparent)).toEqual([TRACE, TRACE, TRACE]);
  await relay.finish(retried, setUpOf("alice", [KEY_A]));
  expect(await findTester(t.db, ALICE)).toMatchObject({ state: "active" });
});

test("trace: a tester who had to wait → the set-up has it too; an assign without one → no field for it", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  const waiting = await assign(t.connection, { ...ALICE, trace: () => TRACE }, APP);
  expect(waiting.assignment.state).toBe("waiting");
  await assign(t.connection, { username: "bob", sshKeys: [KEY_A] }, APP);
  const setups: SetupOperation[] = [];
  while (setups.length < 2) {
    const leased = await relay.lease();
    expect(leased).not.toEqual([]);
    setups.push(...leased.filter((operation) => operation.kind === "setup"));
    for (const operation of leased) await doHappily(relay, operation);
  }
  const traces = setups.map(({ assignment, traceparent }) => [assignment.username, traceparent]);
  expect(Object.fromEntries(traces)).toEqual({ alice: TRACE, bob: undefined });
  expect(setups.filter((operation) => "traceparent" in operation)).toHaveLength(1);
});
