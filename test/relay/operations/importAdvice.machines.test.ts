import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { DriverError, type Driver } from "../../../src/relay/driver.ts";
import { importMachine, unmarkMachine } from "../../../src/relay/operations/import.ts";
import { makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { foreign, machineOfAnna, operationOn } from "../helpers/elsewhere.ts";
import { TestLease } from "../helpers/lease.ts";
import { testNode, testOnSystem as test } from "../helpers/node.ts";

/** What drivers have to do with an import, and where the advice of its refusals leads. */

test("a driver that cannot mark, or refuses to: refused in its words", async () => {
  await using node = await testNode();
  const machine = await machineOfAnna(node);
  const { mark: _, ...unable } = foreign();
  expect(
    await importMachine(operationOn(machine), new TestLease(), { ...node.tools, driver: unable }),
  ).toMatchObject({
    outcome: "import_refused",
    message: expect.stringContaining("cannot take over one that it did not make") as string,
  });
  const unwilling: Driver = {
    ...foreign(),
    mark: () => Promise.reject(new DriverError("failed", "it is another installation's")),
  };
  expect(
    await importMachine(operationOn(machine), new TestLease(), { ...node.tools, driver: unwilling }),
  ).toMatchObject({
    outcome: "import_refused",
    message: expect.stringContaining("another installation's") as string,
  });
});

test("unmark: done by the driver, and nothing to do for one that cannot mark", async () => {
  await using node = await testNode();
  const unmarked: string[] = [];
  const driver: Driver = {
    ...foreign(),
    unmark: async (name) => {
      unmarked.push(name);
    },
  };
  const operation = {
    kind: "unmark" as const,
    id: randomUUID(),
    token: 1,
    attempt: 1,
    machine: { id: "x", name: "vm" },
  };
  expect(await unmarkMachine(operation, new TestLease(), { ...node.tools, driver })).toEqual({
    outcome: "unmarked",
  });
  expect(unmarked).toEqual(["vm"]);
  expect(await unmarkMachine(operation, new TestLease(), node.tools)).toEqual({ outcome: "unmarked" });
  const busy: Driver = { ...driver, unmark: () => Promise.reject(new DriverError("retry", "busy")) };
  expect(await unmarkMachine(operation, new TestLease(), { ...node.tools, driver: busy })).toMatchObject({
    outcome: "unmark_failed",
  });
});

test("what the refusals advise, followed: the machine is imported", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const key = makeKeyPair("a relay that is not let in yet");
  const sick = operationOn(machine, { healthCommand: "test -e /root/healthy" });
  const look = async () => {
    const result = await importMachine(sick, new TestLease(), { ...node.tools, key, driver: foreign() });
    return result.outcome === "import_refused" ? result.fix : result.outcome;
  };
  const relayKey = /^Add the relay's key to (\/root\/\.ssh\/authorized_keys) on the machine: (.*)$/.exec(
    await look(),
  );
  await node.exec(machine, `echo '${relayKey?.[2]}' >>${relayKey?.[1]}`);
  expect(await look()).toMatch(/^Make one that opens with the tester's keys/);
  await node.exec(machine, "useradd --create-home anna");
  expect(await look()).toMatch(/^Make it end with 0 there/);
  await node.exec(machine, "touch /root/healthy");
  expect(await look()).toBe("imported");
});

test("a driver that is not there for the moment: refused, and imported when it answers", async () => {
  await using node = await testNode();
  const machine = await machineOfAnna(node);
  let asked = 0;
  const driver: Driver = {
    ...foreign(),
    get: () => (asked++ === 0 ? Promise.reject(new DriverError("retry", "not now")) : Promise.resolve(null)),
  };
  const look = () => importMachine(operationOn(machine), new TestLease(), { ...node.tools, driver });
  expect(await look()).toMatchObject({ fix: "Import again when the node's driver answers." });
  expect(await look()).toMatchObject({ outcome: "imported" });
});
