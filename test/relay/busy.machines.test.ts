import { randomUUID } from "node:crypto";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { OperationResult } from "../../src/contract/operationResult.ts";
import type { ProbeOperation } from "../../src/contract/relay.ts";
import { connect } from "../../src/relay/ssh/ssh.ts";
import { probeMachines } from "../../src/relay/operations/probe.ts";
import { setUp } from "../../src/relay/setup/setup.ts";
import { TestLease } from "./helpers/lease.ts";
import { type TestMachine, testNode } from "./helpers/node.ts";
import { setupOperation } from "./helpers/setup.ts";
import { isNight } from "../helpers/nightly.ts";

/** A relay that has no time to listen must not take machines for dead. */
type Probed = Extract<OperationResult, { outcome: "probed" }>;

/** Keeps this process's thread busy but for a moment between, until `work` has ended. */
async function busyDuring<T>(work: () => Promise<T>, ms = 250): Promise<T> {
  let isOver = false;
  const result = work().finally(() => (isOver = true));
  result.catch(() => undefined);
  while (!isOver) {
    const until = performance.now() + ms;
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return result;
}

const probeOf = (machines: TestMachine[]): ProbeOperation => ({
  kind: "probe",
  scope: "all",
  id: randomUUID(),
  token: 1,
  attempt: 1,
  machines: machines.map(({ id, name, host, port, hostKey }) => ({
    ...{ id, name, host, port, hostKey },
    state: "ready" as const,
    healthCommand: null,
  })),
  attempts: 2,
  attemptSeconds: 0.3,
});

test("A2 no machine is dead to a relay whose thread is busy", async () => {
  await using node = await testNode();
  const machines = [await node.machine(), await node.machine()];
  const { answers } = (await busyDuring(() =>
    probeMachines(probeOf(machines), new TestLease(), node.tools),
  )) as Probed;
  for (const { answer, cause } of answers) {
    expect(answer).not.toBe("dead");
    if (answer === "unknown") expect(cause).toMatch(/this relay was delayed by|this host is overloaded/);
  }
});

test.runIf(isNight)(
  "A2 silence that a busy relay hears says so, and is no answer of the machine's",
  async () => {
    await using node = await testNode();
    const silent = createServer((socket) => socket.on("error", () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    try {
      const machine = { ...(await node.machine()), port: (silent.address() as AddressInfo).port };
      const options = { timeoutSeconds: 0.2, signal: new AbortController().signal };
      await expect(busyDuring(() => connect(machine, node.key.privateKey, options))).rejects.toMatchObject({
        kind: "local",
        message: expect.stringMatching(
          /the SSH login did not complete, but this relay was delayed/,
        ) as string,
      });
    } finally {
      silent.close();
    }
  },
);

test("A2 a set-up whose connect budget a busy relay has used up itself is let go, and its machine not swapped", async () => {
  await using node = await testNode();
  const silent = createServer((socket) => socket.on("error", () => undefined));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  try {
    const machine = { ...(await node.machine()), port: (silent.address() as AddressInfo).port };
    const operation = setupOperation(machine, [["a", "true"]], { connectBudgetSeconds: 0.3 });
    // Longer than the budget: Node counts a timer from the last time it looked at the clock, which is before such a block.
    const attempt = busyDuring(() => setUp(operation, new TestLease(), node.tools), 600);
    await expect(attempt).rejects.toMatchObject({ kind: "local" });
  } finally {
    silent.close();
  }
});
