import { createServer, type Socket } from "node:net";
import { expect } from "vitest";
import { LeaseLost } from "../../../src/relay/errors.ts";
import { makeHostKey, makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { setUp } from "../../../src/relay/setup/setup.ts";
import { hastyClock, testClock } from "../../helpers/testClock.ts";
import { until } from "../../helpers/until.ts";
import { TestLease } from "../helpers/lease.ts";
import { freePort, testNode, testOnSystem as test } from "../helpers/node.ts";
import { proxyTo } from "../helpers/proxy.ts";
import { setupOperation } from "../helpers/setup.ts";

test("a machine that cannot be reached within its budget is given up before anything is told", async () => {
  const clock = hastyClock();
  await using node = await testNode(undefined, clock);
  const { pinned } = makeHostKey("m");
  const machine = {
    id: "m",
    name: "m",
    host: "127.0.0.1",
    port: await freePort(),
    hostKey: pinned,
    httpPort: 1,
    access: { host: "127.0.0.1", port: 1 },
  };
  const lease = new TestLease();
  const began = clock.now();
  const operation = setupOperation(machine, [["a", "true"]], { connectBudgetSeconds: 10 });
  expect(await setUp(operation, lease, node.tools)).toMatchObject({
    outcome: "setup_failed",
    reason: "unreachable",
    message: expect.stringMatching(/within 10 s\. Last: .*refused/) as string,
  });
  const tookMs = clock.now() - began;
  expect([tookMs >= 10_000, tookMs < 11_000]).toEqual([true, true]);
  expect(lease.told).toEqual([]);
});

test("a machine that takes the connection and says nothing is given up in time too", async () => {
  const clock = testClock();
  await using node = await testNode(undefined, clock);
  const taken: Socket[] = [];
  const silent = createServer((socket) => taken.push(socket));
  const port = await freePort();
  await new Promise<void>((resolve) => silent.listen(port, "127.0.0.1", resolve));
  try {
    const { pinned } = makeHostKey("m");
    const machine = {
      id: "m",
      name: "m",
      host: "127.0.0.1",
      port,
      hostKey: pinned,
      httpPort: 1,
      access: { host: "127.0.0.1", port: 1 },
    };
    const operation = setupOperation(machine, [["a", "true"]], { connectBudgetSeconds: 10 });
    const running = setUp(operation, new TestLease(), node.tools);
    await until("the connection", () => taken.length > 0);
    await clock.advance(10_000);
    expect(await running).toMatchObject({ reason: "unreachable" });
  } finally {
    silent.close();
    for (const socket of taken) socket.destroy();
  }
});

test("a machine that does not take the relay's key is unreachable, not failed", async () => {
  await using node = await testNode(undefined, hastyClock());
  const machine = await node.machine();
  const operation = setupOperation(machine, [["a", "true"]], { connectBudgetSeconds: 1 });
  const stranger = { ...node.tools, key: makeKeyPair("another relay") };
  expect(await setUp(operation, new TestLease(), stranger)).toMatchObject({ reason: "unreachable" });
});

test("another host key ends the set-up at once", async () => {
  const clock = testClock();
  await using node = await testNode(undefined, clock);
  const machine = await node.machine();
  const { pinned } = makeHostKey("expected");
  const operation = setupOperation({ ...machine, hostKey: pinned }, [["a", "true"]]);
  expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({
    reason: "host_key_changed",
    presented: machine.hostKey.fingerprint,
    message: expect.stringContaining(`presented ${machine.hostKey.fingerprint}`) as string,
  });
});

test("nothing on the machine is changed before the edge knows of the first login", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  class Deaf extends TestLease {
    override confirm(): Promise<void> {
      return Promise.reject(new LeaseLost("lost while it was told"));
    }
  }
  const operation = setupOperation(machine, [["a", "true"]]);
  await expect(setUp(operation, new Deaf(), node.tools)).rejects.toThrow(LeaseLost);
  expect((await node.exec(machine, "ls /var/lib/warmpool")).code).not.toBe(0);

  const lease = new TestLease();
  await setUp({ ...operation, token: 2 }, lease, node.tools);
  expect(lease.told[0]).toEqual({ kind: "setup", loggedIn: true });
});

test("after the first login it tries until the machine is back, longer than any budget", async () => {
  const clock = testClock();
  await using node = await testNode(undefined, clock);
  const machine = await node.machine();
  const lease = new TestLease();
  let port: number;
  let running: ReturnType<typeof setUp>;
  {
    await using proxy = await proxyTo(machine.port);
    ({ port } = proxy);
    const steps: [string, string][] = [["wait", "until [ -f /root/go ]; do sleep 0.05; done"]];
    running = setUp(
      setupOperation({ ...machine, port }, steps, { connectBudgetSeconds: 1 }),
      lease,
      node.tools,
    );
    await until("the step", () => lease.told.some((told) => told.kind === "setup" && told.step?.step === 2));
  }
  // The budget is long over.
  await clock.advance(600_000);
  await node.exec(machine, "touch /root/go");
  await using back = await proxyTo(machine.port, port);
  expect(await running).toMatchObject({ outcome: "set_up" });
  expect(back.taken).toBeGreaterThan(0);
});
