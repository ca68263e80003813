import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { LeasedOperation } from "../../../src/contract/relay.ts";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
import { connectEdge } from "../../../src/relay/session/edge.ts";
import { Cancelled, LeaseLost, RelayError } from "../../../src/relay/errors.ts";
import type { Executors } from "../../../src/relay/session/lease.ts";
import { makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import type { Lease } from "../../../src/relay/session/lease.ts";
import { serve } from "../../../src/relay/session/loop.ts";
import { openSession } from "../../../src/relay/session/session.ts";
import { until } from "../../helpers/until.ts";
import { CREDENTIAL, type Queued, type TestEdge, testEdge } from "../helpers/edge.ts";
import { testNode } from "../helpers/node.ts";

/** What one execution was given, and how the test lets it end. */
type Execution = {
  operation: LeasedOperation;
  lease: Lease;
  end: (result: OperationResult) => void;
};

const DONE: OperationResult = { outcome: "delete_failed", message: "the test ended it" };

type Serving = AsyncDisposable & { executions: Execution[]; ended: Promise<void>; stop(): Promise<void> };

/** A relay's loop against the edge, whose operations are ended by the test; an aborted one throws its reason. */
async function serving(edge: TestEdge): Promise<Serving> {
  const node = await testNode();
  const stopping = new AbortController();
  const executions: Execution[] = [];
  const execute: Executors = (operation, lease) =>
    new Promise((resolve, reject) => {
      executions.push({ operation, lease, end: resolve });
      lease.signal.addEventListener("abort", () => reject(lease.signal.reason as Error));
    });
  const connection = connectEdge(edge.url, CREDENTIAL);
  const about = {
    relayVersion: "test",
    driver: "local",
    driverVersion: "test",
    sshPublicKey: makeKeyPair("relay").publicKey,
    highestMachineNumber: 0,
  };
  const session = await openSession(connection, node.driver, about, stopping.signal);
  const ended = serve(connection, node.driver, session, execute, node.tools.highest, stopping.signal);
  ended.catch(() => undefined);
  const stop = (): Promise<void> => {
    stopping.abort(new Error("told to stop"));
    return ended;
  };
  return {
    executions,
    ended,
    stop,
    async [Symbol.asyncDispose]() {
      await stop().catch(() => undefined);
      await node[Symbol.asyncDispose]();
    },
  };
}

function deleteOn(edge: TestEdge, machine = randomUUID()): Queued {
  return edge.enqueue({
    kind: "delete",
    machine: { id: machine, name: `m-${machine.slice(0, 4)}`, driverRef: null },
  });
}

const started = (relay: Serving, count: number): Promise<true> =>
  until(`${count} executions`, () => relay.executions.length === count);

test("looks at the node before it asks for work, leases, finishes, and reports what the node has", async () => {
  await using edge = await testEdge();
  await using relay = await serving(edge);
  expect(edge.listings).toMatchObject([{ complete: true, names: [] }]);
  const operation = deleteOn(edge);
  await started(relay, 1);
  relay.executions[0]?.end(DONE);
  expect(await edge.result(operation)).toEqual(DONE);
  const [inventory] = await until("a report", () => edge.inventories.length > 0 && edge.inventories);
  expect(inventory?.cpus).toBeGreaterThan(0);
});

test("renews all that it holds in one call, so that nothing is leased a second time", async () => {
  await using edge = await testEdge({ leaseSeconds: 60, renewSeconds: 0.1 });
  await using relay = await serving(edge);
  const operations = [deleteOn(edge), deleteOn(edge), deleteOn(edge)];
  await started(relay, 3);
  const grantedUntil = operations.map(({ leaseUntil }) => leaseUntil);
  const before = edge.renewals;
  await until("the leases to grow", () =>
    operations.every(({ leaseUntil }, n) => leaseUntil > (grantedUntil[n] ?? 0)),
  );
  expect(edge.renewals - before).toBeGreaterThan(0);
  for (const { end } of relay.executions) end(DONE);
  for (const operation of operations) expect((await edge.result(operation)).outcome).toBe("delete_failed");
  expect(operations.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
});

test("never has two operations on one machine: the second starts when the first has ended", async () => {
  await using edge = await testEdge();
  await using relay = await serving(edge);
  const machine = randomUUID();
  const [first, second, other] = [deleteOn(edge, machine), deleteOn(edge, machine), deleteOn(edge)];
  await until("all to be leased", () => other.state === "leased" && second.state === "leased");
  await started(relay, 2);
  expect(relay.executions.map(({ operation }) => operation.id)).toEqual([first.id, other.id]);
  relay.executions[0]?.end(DONE);
  await started(relay, 3);
  expect(relay.executions[2]?.operation.id).toBe(second.id);
});

test("takes on no more than its slots, and more as soon as one is free", async () => {
  await using edge = await testEdge();
  await using relay = await serving(edge);
  const operations = Array.from({ length: 6 }, () => deleteOn(edge));
  await started(relay, 4);
  expect(operations.filter(({ state }) => state === "queued")).toHaveLength(2);
  relay.executions[0]?.end(DONE);
  await started(relay, 5);
  relay.executions[1]?.end(DONE);
  await started(relay, 6);
});

test("concurrency: the edge lets the node work on more → the relay has a place for them, and two besides", async () => {
  await using edge = await testEdge();
  edge.allow(5);
  await using relay = await serving(edge);
  const operations = Array.from({ length: 9 }, () => deleteOn(edge));
  await started(relay, 7);
  expect(operations.filter(({ state }) => state === "queued")).toHaveLength(2);
});

test("progress reaches the edge as it was reported, in order", async () => {
  await using edge = await testEdge();
  await using relay = await serving(edge);
  const operation = deleteOn(edge);
  await started(relay, 1);
  const lease = relay.executions[0]?.lease;
  await lease?.confirm({ kind: "setup", loggedIn: true });
  await Promise.all([
    lease?.report({ kind: "setup", outputs: { a: "1" } }),
    lease?.report({ kind: "setup", outputs: { b: "2" } }),
  ]);
  expect(operation.progress).toEqual([
    { kind: "setup", loggedIn: true },
    { kind: "setup", outputs: { a: "1", b: "2" } },
  ]);
});

test("an operation whose lease is lost is aborted, nothing of it is finished, and it is taken on again", async () => {
  await using edge = await testEdge({ leaseSeconds: 60, renewSeconds: 0.1 });
  await using relay = await serving(edge);
  const operation = deleteOn(edge);
  await started(relay, 1);
  operation.token += 1000;
  operation.leaseUntil = 0;
  await started(relay, 2);
  expect(relay.executions[0]?.lease.signal.reason).toBeInstanceOf(LeaseLost);
  expect(operation.result).toBeNull();
  relay.executions[1]?.end(DONE);
  expect(await edge.result(operation)).toEqual(DONE);
});

test("an operation that is no longer wanted is aborted as cancelled", async () => {
  await using edge = await testEdge({ leaseSeconds: 60, renewSeconds: 0.1 });
  await using relay = await serving(edge);
  const operation = deleteOn(edge);
  await started(relay, 1);
  operation.state = "cancelling";
  await until("the abort", () => relay.executions[0]?.lease.signal.aborted);
  expect(relay.executions[0]?.lease.signal.reason).toBeInstanceOf(Cancelled);
});

test("while the edge is away work goes on, and its result is told when the edge is back", async () => {
  await using edge = await testEdge({ leaseSeconds: 60, renewSeconds: 0.1 });
  await using relay = await serving(edge);
  const operation = deleteOn(edge);
  await started(relay, 1);
  edge.failWith("UNAVAILABLE");
  await until("a refused renewal", () => edge.refused.includes("relay.renew"));
  expect(relay.executions[0]?.lease.signal.aborted).toBe(false);
  relay.executions[0]?.end(DONE);
  await until("a refused result", () => edge.refused.includes("relay.finish"));
  edge.failWith(null);
  expect(await edge.result(operation)).toEqual(DONE);
  deleteOn(edge);
  await started(relay, 2);
});

test("a newer relay takes the node over: the older one aborts its work and says why it ends", async () => {
  await using edge = await testEdge({ leaseSeconds: 60, renewSeconds: 0.1 });
  await using older = await serving(edge);
  const operation = deleteOn(edge);
  await started(older, 1);
  await using newer = await serving(edge);
  await expect(older.ended).rejects.toThrow(/newer relay has taken over/);
  await expect(older.ended).rejects.toBeInstanceOf(RelayError);
  expect(older.executions[0]?.lease.signal.aborted).toBe(true);
  await started(newer, 1);
  expect(newer.executions[0]?.operation).toMatchObject({ id: operation.id, attempt: 2 });
});

test("told to stop, it hands back what has not started, lets go of the rest, and ends", async () => {
  await using edge = await testEdge();
  await using relay = await serving(edge);
  const machine = randomUUID();
  const [running, waiting] = [deleteOn(edge, machine), deleteOn(edge, machine)];
  await started(relay, 1);
  await until("the second to be leased", () => waiting.state === "leased");
  await relay.stop();
  expect(waiting.state).toBe("queued");
  expect(running).toMatchObject({ state: "leased", result: null });
});

test("a credential that the edge does not know ends the relay with what to do", async () => {
  await using edge = await testEdge();
  await using relay = await serving(edge);
  edge.failWith("UNAUTHORIZED");
  deleteOn(edge);
  await expect(relay.ended).rejects.toThrow(/rejected this node's credential.*join again/);
});
