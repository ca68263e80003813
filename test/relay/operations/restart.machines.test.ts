import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { MachineTarget, RestartOperation } from "../../../src/contract/relay.ts";
import { DriverError, type Driver } from "../../../src/relay/driver.ts";
import { LeaseLost } from "../../../src/relay/errors.ts";
import { makeHostKey } from "../../../src/relay/ssh/hostKey.ts";
import { restartMachine } from "../../../src/relay/operations/restart.ts";
import { TestLease } from "../helpers/lease.ts";
import { testAtNight, testNode, testOnSystem as test } from "../helpers/node.ts";
import { deadline } from "../../helpers/patience.ts";

const restartOf = (machine: MachineTarget, bootTimeoutSeconds = 20): RestartOperation => ({
  kind: "restart",
  id: randomUUID(),
  token: 1,
  attempt: 1,
  machine,
  bootTimeoutSeconds,
});

test("a machine that is restarted keeps its data and its host key, and nothing that ran goes on", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  await node.exec(machine, "echo kept >/root/data; setsid sleep 1000 </dev/null >/dev/null 2>&1 &");
  expect((await node.exec(machine, "pgrep -x sleep")).code).toBe(0);

  expect(await restartMachine(restartOf(machine), new TestLease(), node.tools)).toEqual({
    outcome: "restarted",
    host: machine.host,
    port: machine.port,
    access: machine.access,
  });

  expect(await node.read(machine, "cat /root/data")).toBe("kept");
  expect((await node.exec(machine, "pgrep -x sleep")).code).toBe(1);
});

test("a relay that has died between stop and start: the next one does it again, from the start", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const lease = new TestLease();
  const driver: Driver = {
    ...node.driver,
    start: async () => {
      lease.end();
    },
  };
  await expect(restartMachine(restartOf(machine), lease, { ...node.tools, driver })).rejects.toThrow(
    LeaseLost,
  );
  expect(await node.driver.get(machine.name, deadline(5))).toMatchObject({ state: "stopped" });
  const again = { ...restartOf(machine), token: 2, attempt: 2 };
  expect(await restartMachine(again, new TestLease(), node.tools)).toMatchObject({ outcome: "restarted" });
});

testAtNight("what a driver cannot do for the moment is tried again", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  let calls = 0;
  const onceRefused =
    (call: Driver["start"]): Driver["start"] =>
    async (name, signal) => {
      calls += 1;
      if (calls % 2 === 1) throw new DriverError("retry", "not now");
      return call(name, signal);
    };
  const driver: Driver = {
    ...node.driver,
    stop: onceRefused((name, signal) => node.driver.stop(name, signal)),
    start: onceRefused((name, signal) => node.driver.start(name, signal)),
  };
  const result = await restartMachine(restartOf(machine), new TestLease(), { ...node.tools, driver });
  expect(result).toMatchObject({ outcome: "restarted" });
  expect(calls).toBe(4);
});

testAtNight("another host key is not taken for the machine's, and no machine for none", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const other = { ...machine, hostKey: makeHostKey("other").pinned };
  expect(await restartMachine(restartOf(other), new TestLease(), node.tools)).toMatchObject({
    outcome: "restart_failed",
    message: expect.stringContaining("host key changed") as string,
  });
  await node.driver.delete(machine.name, deadline(10));
  expect(await restartMachine(restartOf(machine), new TestLease(), node.tools)).toMatchObject({
    outcome: "restart_failed",
    message: expect.stringContaining(`no longer finds a machine ${machine.name}`) as string,
  });
});

test("a machine that does not answer in time is given up, with the last cause", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const driver: Driver = { ...node.driver, start: async () => undefined };
  expect(
    await restartMachine(restartOf(machine, 1), new TestLease(), { ...node.tools, driver }),
  ).toMatchObject({
    outcome: "restart_failed",
    message: expect.stringMatching(/did not come back within 1 s\. Last: .*refused/) as string,
  });
});
