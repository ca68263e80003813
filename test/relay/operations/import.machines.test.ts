import { expect } from "vitest";
import type { ImportOperation } from "../../../src/contract/relay.ts";
import type { MarkRequest } from "../../../src/relay/driver.ts";
import { importMachine } from "../../../src/relay/operations/import.ts";
import { makeHostKey, makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { foreign, machineOfAnna, operationOn } from "../helpers/elsewhere.ts";
import { TestLease } from "../helpers/lease.ts";
import { freePort, type TestMachine, testNode, testOnSystem as test } from "../helpers/node.ts";
import { oneIn } from "../../helpers/nightly.ts";

/** The machine of an old record, as a relay looks at it: a real one, which the driver under test did not make. */

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
  const look = () => node.read(machine, "find /etc /home /root -xdev -newer /tmp/before -type f | sort");
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

const refusals: readonly [
  string,
  (machine: TestMachine) => Partial<ImportOperation> | Promise<Partial<ImportOperation>>,
  RegExp,
  RegExp,
][] = [
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
];

test.each(oneIn(2, refusals))(
  "%s: refused with what to do, and nothing is marked",
  async (_, change, why, fix) => {
    await using node = await testNode();
    const machine = await machineOfAnna(node);
    const marked: MarkRequest[] = [];
    const operation = operationOn(machine, await change(machine));
    const result = await importMachine(operation, new TestLease(), {
      ...node.tools,
      driver: foreign(marked),
    });
    expect(result).toMatchObject({
      ...{ outcome: "import_refused" },
      ...{ message: expect.stringMatching(why) as string, fix: expect.stringMatching(fix) as string },
    });
    expect(marked).toEqual([]);
  },
);

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
