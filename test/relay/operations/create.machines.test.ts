import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { CreateOperation } from "../../../src/contract/relay.ts";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
import { createMachine } from "../../../src/relay/operations/create.ts";
import { Cancelled, LeaseLost } from "../../../src/relay/errors.ts";
import { makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { connect } from "../../../src/relay/ssh/ssh.ts";
import { deadline } from "../../helpers/patience.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { hastyClock } from "../../helpers/testClock.ts";
import { until } from "../../helpers/until.ts";
import { TestLease } from "../helpers/lease.ts";
import { freePort, testNode } from "../helpers/node.ts";

const never = new AbortController().signal;
const admin = makeKeyPair("admin");

async function operationOf(
  spec: Partial<CreateOperation["spec"]> = {},
  machine: Partial<CreateOperation["machine"]> = {},
): Promise<CreateOperation> {
  return {
    kind: "create",
    id: randomUUID(),
    token: 1,
    attempt: 1,
    machine: {
      id: randomUUID(),
      name: `m-${randomUUID().slice(0, 8)}`,
      number: 7,
      port: await freePort(),
      httpPort: await freePort(),
      hostKey: null,
      ...machine,
    },
    spec: {
      pool: "demo",
      shape: { vcpus: 1, memoryMib: 256, diskGib: 1 },
      image: "local",
      instanceType: "container",
      adminSshKeys: [admin.publicKey],
      bootTimeoutSeconds: 600,
      ...spec,
    },
  };
}

function pinnedIn(lease: TestLease): NonNullable<CreateOperation["machine"]["hostKey"]> {
  const [first] = lease.told;
  if (first?.kind !== "create" || first.hostKey === undefined) throw new Error("no host key was told first");
  return first.hostKey;
}

type CreateFailed = Extract<OperationResult, { outcome: "create_failed" }>;

test("ends at known good: pinned key, ready and health command, access from the node; phases on the way", async () => {
  await using node = await testNode();
  const lease = new TestLease();
  const operation = await operationOf({
    readyCommand: "[ -e $HOME/asked ] || { touch $HOME/asked; exit 1; }",
    healthCommand: "true",
    accessCommand: `[ "$WARMPOOL_HOST:$WARMPOOL_PORT" = "$(cat '${node.dir}/access')" ]`,
  });
  await writeFile(`${node.dir}/access`, `127.0.0.1:${operation.machine.port}`);
  const result = await createMachine(operation, lease, node.tools);
  expect(result).toMatchObject({
    outcome: "created",
    driver: "local",
    host: "127.0.0.1",
    port: operation.machine.port,
    access: { host: "127.0.0.1", port: operation.machine.port },
  });
  expect(lease.told.map((told) => told.kind === "create" && told.phase)).toEqual([
    "cloning",
    "booting",
    "joining",
    "joining",
    "checking",
  ]);
  expect(node.tools.highest.value).toBe(7);
  const target = { host: "127.0.0.1", port: operation.machine.port, hostKey: pinnedIn(lease) };
  for (const { privateKey } of [node.key, admin]) {
    using connection = await connect(target, privateKey, { timeoutSeconds: 60, signal: never });
    expect(connection.usable).toBe(true);
  }
});

test("what makes the machine says when its first boot is over, and nothing else is asked before", async () => {
  await using node = await testNode();
  const driver = {
    ...node.driver,
    bootedCommand: "test -e $HOME/settled || { touch $HOME/settled; exit 3; }",
  };
  const readyCommand = "test -e $HOME/settled";
  const good = await createMachine(await operationOf({ readyCommand }), new TestLease(), {
    ...node.tools,
    driver,
  });
  expect(good).toMatchObject({ outcome: "created" });
  const stuck = { ...node.driver, bootedCommand: "echo status: running; exit 3" };
  const tools = { ...node.tools, driver: stuck, clock: hastyClock() };
  expect(
    await createMachine(await operationOf({ bootTimeoutSeconds: 3 }), new TestLease(), tools),
  ).toMatchObject({
    outcome: "create_failed",
    reason: "never_ready",
    message: expect.stringMatching(/its first boot did not exit with 0 .*status: running/) as string,
  });
});

test("a first boot that has failed for good is not waited for", async () => {
  await using node = await testNode();
  const driver = { ...node.driver, bootedCommand: "echo status: error; exit 1" };
  const operation = await operationOf({ bootTimeoutSeconds: 600 });
  const failed = (await createMachine(operation, new TestLease(), { ...node.tools, driver })) as CreateFailed;
  expect(failed).toMatchObject({
    outcome: "create_failed",
    reason: "never_ready",
    message: expect.stringContaining("its first boot failed. exit 1: status: error") as string,
  });
  expect(failed.evidence["first boot"]).toBe("exit 1: status: error");
});

test("makes nothing before the edge has pinned the host key", async () => {
  await using node = await testNode();
  class Deaf extends TestLease {
    override confirm(): Promise<void> {
      this.end();
      return Promise.reject(new LeaseLost("lost while it was told"));
    }
  }
  await expect(createMachine(await operationOf(), new Deaf(), node.tools)).rejects.toThrow(LeaseLost);
  expect((await node.driver.list(never)).machines).toEqual([]);
});

test("a later attempt goes on with the machine that is there, under the key that is pinned", async () => {
  await using node = await testNode();
  const first = new TestLease();
  const operation = await operationOf({ readyCommand: "test -e $HOME/go" });
  const broken = createMachine(operation, first, node.tools);
  await until("the machine to join", () =>
    first.told.some((told) => told.kind === "create" && told.phase === "joining"),
  );
  first.end();
  await expect(broken).rejects.toThrow(LeaseLost);

  const hostKey = pinnedIn(first);
  const second = new TestLease();
  const later = { ...operation, token: 2, attempt: 2, machine: { ...operation.machine, hostKey } };
  const finished = createMachine(later, second, node.tools);
  const target = { id: "x", name: "x", host: "127.0.0.1", port: operation.machine.port, hostKey };
  await node.exec(target, "touch $HOME/go");
  expect(await finished).toMatchObject({ outcome: "created", port: operation.machine.port });
  expect(second.told.every((told) => told.kind === "create" && told.hostKey === undefined)).toBe(true);
});

test("a later attempt that finds nothing makes the machine, under a new key", async () => {
  await using node = await testNode();
  const lease = new TestLease();
  const operation = { ...(await operationOf()), attempt: 2 };
  expect(await createMachine(operation, lease, node.tools)).toMatchObject({ outcome: "created" });
  expect(pinnedIn(lease).fingerprint).toMatch(/^SHA256:/);
});

test("a machine that is there and has no pinned key, or is half made, is given up", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const operation = { ...(await operationOf({}, { name: machine.name })), attempt: 2 };
  const unpinned = await createMachine(operation, new TestLease(), node.tools);
  expect(unpinned).toMatchObject({ outcome: "create_failed", reason: "driver_failed" });
  expect((unpinned as CreateFailed).message).toContain("no host key is pinned");

  await node.driver.stop(machine.name, deadline(10));
  const pinned = { ...operation, machine: { ...operation.machine, hostKey: machine.hostKey } };
  const stopped = (await createMachine(pinned, new TestLease(), node.tools)) as CreateFailed;
  expect(stopped.message).toContain("half created (stopped)");
});

test("a name that is taken at the first attempt is somebody else's", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const result = await createMachine(
    await operationOf({}, { name: machine.name }),
    new TestLease(),
    node.tools,
  );
  expect(result).toMatchObject({ outcome: "create_failed", reason: "driver_failed" });
});

test("a machine that never gets ready fails with its reason and evidence", async () => {
  await using node = await testNode(undefined, hastyClock());
  const operation = await operationOf({ readyCommand: "echo no route yet; exit 4", bootTimeoutSeconds: 3 });
  const result = (await createMachine(operation, new TestLease(), node.tools)) as CreateFailed;
  expect(result).toMatchObject({ outcome: "create_failed", reason: "never_ready" });
  expect(result.message).toMatch(/ready command did not exit with 0 within 3 s\. Last: exit 4: no route yet/);
  expect(result.evidence).toMatchObject({
    joining: "exit 4: no route yet",
    console: expect.any(String) as string,
  });
});

test("a try that the deadline cuts off does not hide what the one before it said", async () => {
  const clock = hastyClock();
  await using node = await testNode(undefined, clock);
  await using folder = await temporaryFolder();
  const [first, second] = [join(folder.path, "first"), join(folder.path, "second")];
  const accessCommand = `if mkdir ${first}; then echo nobody home; false; else mkdir ${second}; exec sleep 1000; fi`;
  const running = createMachine(await operationOf({ accessCommand }), new TestLease(), node.tools);
  await until("the second try", () => existsSync(second));
  await clock.advance(600_000);
  expect(((await running) as CreateFailed).message).toContain("nobody home");
});

test("a machine that its tester could not reach fails as not reachable", async () => {
  await using node = await testNode(undefined, hastyClock());
  const operation = await operationOf({ accessCommand: "echo nobody home; false", bootTimeoutSeconds: 3 });
  const result = (await createMachine(operation, new TestLease(), node.tools)) as CreateFailed;
  expect(result).toMatchObject({ outcome: "create_failed", reason: "not_reachable" });
  expect(result.message).toContain("nobody home");
});

test("a create that is no longer wanted ends as cancelled; one whose lease is lost says nothing", async () => {
  await using node = await testNode();
  for (const reason of [new Cancelled("no longer wanted"), new LeaseLost("lost")]) {
    const lease = new TestLease();
    const running = createMachine(await operationOf({ readyCommand: "false" }), lease, node.tools);
    await until("the machine to join", () => lease.told.length === 3);
    lease.end(reason);
    if (reason instanceof LeaseLost) await expect(running).rejects.toBe(reason);
    else expect(await running).toMatchObject({ outcome: "create_failed", reason: "cancelled" });
  }
});
