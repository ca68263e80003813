import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { ImportOperation } from "../../../src/contract/relay.ts";
import { CALL_SECONDS, type Driver, DriverError, type MarkRequest } from "../../../src/relay/driver.ts";
import { importMachine, unmarkMachine } from "../../../src/relay/operations/import.ts";
import { makeHostKey, makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { TestLease } from "../helpers/lease.ts";
import {
  freePort,
  type TestMachine,
  type TestNode,
  testNode,
  testOnSystem as test,
} from "../helpers/node.ts";

/** The machine of an old record, as a relay looks at it: a real one, which the driver under test did not make. */

function operationOn(machine: TestMachine, change: Partial<ImportOperation> = {}): ImportOperation {
  const { name, host, port } = machine;
  return {
    kind: "import",
    ...{ id: randomUUID(), token: 1, attempt: 1 },
    machine: { id: randomUUID(), name },
    dial: { ssh: { host, port }, access: { host: "vm.example.com", port: 2222 } },
    expected: null,
    username: "anna",
    healthCommand: null,
    plan: false,
    ...change,
  };
}

/** A driver to which that machine is somebody else's, and that notes what it is told to mark. */
function foreign(marked: MarkRequest[] = []): Driver {
  const nothing = async () => undefined;
  return {
    name: "stand-in",
    callSeconds: CALL_SECONDS,
    version: async () => "1",
    create: () => Promise.reject(new Error("nobody asks")),
    get: async () => null,
    list: async () => ({ complete: true, machines: [], storageProof: "volumes" }),
    start: nothing,
    stop: nothing,
    delete: nothing,
    mark: async (request) => {
      marked.push(request);
      const { name, ssh, access } = request;
      return { name, ref: `ref of ${name}`, state: "running", ssh, access };
    },
    capacity: () => Promise.reject(new Error("nobody asks")),
    evidence: async () => ({}),
  };
}

async function machineOfAnna(node: TestNode): Promise<TestMachine> {
  const machine = await node.machine();
  await node.exec(machine, "useradd --create-home anna");
  return machine;
}

test("a machine with root and the account: found under the key that it presents, and marked where it answers", async () => {
  await using node = await testNode();
  const machine = await machineOfAnna(node);
  const marked: MarkRequest[] = [];
  const operation = operationOn(machine);
  expect(await importMachine(operation, new TestLease(), { ...node.tools, driver: foreign(marked) })).toEqual(
    {
      outcome: "imported",
      driver: "stand-in",
      driverRef: `ref of ${machine.name}`,
      hostKey: machine.hostKey,
      host: machine.host,
      port: machine.port,
      access: { host: "vm.example.com", port: 2222 },
    },
  );
  expect(marked).toEqual([{ name: machine.name, ...operation.dial, hostKey: machine.hostKey, plan: false }]);
});

test("a plan: the driver is only asked, and nothing on the machine is another", async () => {
  await using node = await testNode();
  const machine = await machineOfAnna(node);
  const look = () =>
    node.read(machine, "find /etc /home /root /var/lib -xdev -newer /tmp/before -type f | sort");
  await node.exec(machine, "touch /tmp/before");
  const before = await look();
  const marked: MarkRequest[] = [];
  const plan = operationOn(machine, { plan: true });
  expect(
    await importMachine(plan, new TestLease(), { ...node.tools, driver: foreign(marked) }),
  ).toMatchObject({
    outcome: "imported",
  });
  expect(marked).toMatchObject([{ plan: true }]);
  expect(await look()).toBe(before);
});

test("what carries our mark already: imported as it is, also by a driver that can mark nothing", async () => {
  await using node = await testNode();
  const machine = await machineOfAnna(node);
  const operation = operationOn(machine, { dial: null });
  expect(await importMachine(operation, new TestLease(), node.tools)).toMatchObject({
    ...{
      outcome: "imported",
      driver: "local",
      host: machine.host,
      port: machine.port,
      access: machine.access,
    },
  });
});

test.each<
  [
    string,
    (machine: TestMachine) => Partial<ImportOperation> | Promise<Partial<ImportOperation>>,
    RegExp,
    RegExp,
  ]
>([
  [
    "another host key",
    () => ({ expected: makeHostKey("other").pinned.fingerprint }),
    /presents the host key SHA256/,
    /correct hostKey/,
  ],
  [
    "another public key",
    () => ({ expected: makeKeyPair("other").publicKey }),
    /presents the host key SHA256/,
    /correct hostKey/,
  ],
  ["no account", () => ({ username: "bob" }), /no account bob/, /Make one/],
  ["a system account", () => ({ username: "games" }), /system account/, /another username/],
  [
    "a health command that fails",
    () => ({ healthCommand: "echo sick; exit 3" }),
    /ends with 3 \(sick\)/,
    /health command/,
  ],
  ["no address", () => ({ dial: null }), /does not say where/, /Give it a host/],
  [
    "nobody who listens",
    async () => {
      const nowhere = { host: "127.0.0.1", port: await freePort() };
      return { dial: { ssh: nowhere, access: nowhere } };
    },
    /connection refused/,
    /Correct host and port/,
  ],
])("%s: refused with what to do, and nothing is marked", async (_, change, why, fix) => {
  await using node = await testNode();
  const machine = await machineOfAnna(node);
  const marked: MarkRequest[] = [];
  const operation = operationOn(machine, await change(machine));
  const result = await importMachine(operation, new TestLease(), { ...node.tools, driver: foreign(marked) });
  expect(result).toMatchObject({
    ...{ outcome: "import_refused" },
    ...{ message: expect.stringMatching(why) as string, fix: expect.stringMatching(fix) as string },
  });
  expect(marked).toEqual([]);
});

test("the host key that was noted, as a fingerprint or as a key: imported", async () => {
  await using node = await testNode();
  const machine = await machineOfAnna(node);
  for (const expected of [machine.hostKey.fingerprint, `ssh-ed25519 ${machine.hostKey.key} root@vm`]) {
    const operation = operationOn(machine, { expected });
    expect(
      await importMachine(operation, new TestLease(), { ...node.tools, driver: foreign() }),
    ).toMatchObject({
      outcome: "imported",
    });
  }
});

test("a machine without the relay's key: refused, and the key to add is in the advice", async () => {
  await using node = await testNode();
  const machine = await machineOfAnna(node);
  const key = makeKeyPair("another relay");
  const result = await importMachine(operationOn(machine), new TestLease(), {
    ...node.tools,
    key,
    driver: foreign(),
  });
  expect(result).toMatchObject({
    outcome: "import_refused",
    message: expect.stringContaining("does not accept the relay's key") as string,
    fix: expect.stringContaining(key.publicKey) as string,
  });
});

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
