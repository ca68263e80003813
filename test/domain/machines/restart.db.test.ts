import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { sweep } from "../../../src/cron/sweep.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign, release } from "../../helpers/leftToSweep.ts";
import { recreateMachine } from "../../../src/domain/machines/actions.ts";
import { getMachine, listMachines } from "../../../src/domain/machines/view.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { restartMachine } from "../../../src/domain/machines/restart.ts";
import { testDb } from "../../helpers/db.ts";
import {
  ADMIN,
  APP,
  countStates,
  HOST_KEY,
  KEY_A,
  KEY_B,
  makeWorld,
  NODE,
  openRelay,
  setUpOf,
} from "../../helpers/world.ts";

const alice = { username: "alice", sshKeys: [KEY_A] };

async function only(db: Db): Promise<string> {
  const { items } = await listMachines(db, { limit: 1 });
  if (items[0] === undefined) throw new Error("there is no machine");
  return items[0].id;
}

const back = (port: number) => {
  const here = { host: "127.0.0.2", port };
  return { outcome: "restarted" as const, ...here, access: here };
};

async function told(db: Db, machine: string): Promise<string[]> {
  const found = await rows<{ reason: string }>(
    db,
    sql`select reason from events where kind = 'machine' and machine = ${machine} order by id`,
  );
  return found.map((row) => row.reason);
}

test("a ready machine that is restarted is nobody's to claim until a probe begun afterwards has found it alive", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const id = await only(t.db);

  const asked = await restartMachine(t.db, id, ADMIN);

  expect(asked).toMatchObject({ state: "suspect", operation: { kind: "restart" } });
  expect((await assign(t.connection, alice, APP)).assignment.state).toBe("waiting");
  const operation = await relay.take("restart");
  expect(operation).toMatchObject({
    machine: { id, host: "127.0.0.1", hostKey: HOST_KEY },
    bootTimeoutSeconds: 600,
  });
  // What a probe hears meanwhile, whichever it is, says nothing.
  for (const dead of [[], [operation.machine.name], [operation.machine.name]]) {
    await queueProbes(t.db, [NODE]);
    await relay.answerProbe(dead);
    expect(await getMachine(t.db, id)).toMatchObject({ state: "suspect" });
  }
  await relay.finish(operation, back(2022));
  expect(await getMachine(t.db, id)).toMatchObject({
    state: "suspect",
    host: "127.0.0.2",
    port: 2022,
    access: { host: "127.0.0.2", port: 2022 },
    hostKey: HOST_KEY,
  });
  await relay.answerProbe();
  expect(await getMachine(t.db, id)).toMatchObject({ assignment: { username: "alice" } });
  expect(await told(t.db, id)).toEqual([
    "refill",
    "known_good",
    "restart",
    "restarted",
    "probe_alive",
    "claimed",
  ]);
});

test("a probe that began before the restart ended changes nothing, though it is answered afterwards", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const id = await only(t.db);
  await queueProbes(t.db, [NODE]);
  const probe = await relay.take("probe");
  await restartMachine(t.db, id, ADMIN);
  await relay.finish(await relay.take("restart"), back(2022));
  const answers = [{ id, answer: "alive" as const, cause: null }];
  await relay.finish(probe, { outcome: "probed", listing: null, answers });
  expect(await getMachine(t.db, id)).toMatchObject({ state: "suspect" });
  // Another look follows by itself.
  await t.db.execute(sql`update operations set not_before = now() where scope = 'suspects'`);
  await relay.workOff();
  expect(await getMachine(t.db, id)).toMatchObject({ state: "ready" });
});

test("an assigned machine keeps its tester, and keys that change meanwhile reach it afterwards", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, alice, APP);
  await relay.workOff();
  const id = await only(t.db);
  expect(await restartMachine(t.db, id, ADMIN)).toMatchObject({
    state: "assigned",
    assignment: { username: "alice" },
  });
  const operation = await relay.take("restart");
  await assign(t.connection, { ...alice, sshKeys: [KEY_B] }, APP);
  await relay.finish(operation, back(2022));
  expect(await getMachine(t.db, id)).toMatchObject({ state: "assigned", port: 2022 });
  const setup = (await relay.lease()).find(({ kind }) => kind === "setup");
  expect(setup).toMatchObject({ machine: { id, port: 2022 }, assignment: { sshKeys: [KEY_B] } });
});

test("a restart that failed says so, and health decides what becomes of the machine", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const id = await only(t.db);
  await restartMachine(t.db, id, ADMIN);
  const operation = await relay.take("restart");
  await relay.finish(operation, { outcome: "restart_failed", message: "it is gone" });
  expect(await told(t.db, id)).toContain("restart_failed");
  expect(await getMachine(t.db, id)).toMatchObject({ state: "suspect", operation: null });
  await relay.answerProbe([operation.machine.name]);
  await queueProbes(t.db, [NODE]);
  await relay.answerProbe([operation.machine.name]);
  expect(await getMachine(t.db, id)).toMatchObject({ state: "deleting" });
});

test("it is refused while anything else is done on the machine, and where no relay could do it", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  const id = await only(t.db);
  const refused = (message: RegExp) =>
    expect(restartMachine(t.db, id, ADMIN)).rejects.toMatchObject({ code: "CONFLICT", message });
  await refused(/still being created/);
  await relay.workOff();
  await assign(t.connection, alice, APP);
  await refused(/its setup is in progress/);
  await relay.workOff();
  await restartMachine(t.db, id, ADMIN);
  await refused(/its restart is in progress/);
  await relay.workOff();
  await t.db.execute(sql`update nodes set state = 'silent'`);
  await refused(/its node n1 is silent/);
  await release(t.db, { username: "alice" }, APP);
  await refused(/being torn down/);
});

test("a set-up that hangs on a dead machine does not keep it from being restarted, and goes on afterwards", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, alice, APP);
  const hanging = await relay.take("setup");
  const { id, name } = hanging.machine;
  await queueProbes(t.db, [NODE]);
  await relay.answerProbe([name]);
  expect(await getMachine(t.db, id)).toMatchObject({ can: { restart: null } });
  await restartMachine(t.db, id, ADMIN);
  const restart = await relay.take("restart");
  await expect(relay.finish(hanging, setUpOf("alice", [KEY_A]))).rejects.toMatchObject({
    code: "LEASE_LOST",
  });
  await relay.finish(restart, back(2022));
  await relay.workOff();
  expect(await findTester(t.db, { username: "alice" })).toMatchObject({
    state: "active",
    swaps: 0,
    machine: { name },
  });
});

test("a machine that is torn down in mid restart: the restart is over, the delete follows", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const id = await only(t.db);
  await restartMachine(t.db, id, ADMIN);
  const operation = await relay.take("restart");
  await recreateMachine(t.db, id, ADMIN);
  await expect(relay.finish(operation, back(2022))).rejects.toMatchObject({ code: "LEASE_LOST" });
  await relay.workOff();
  expect(await getMachine(t.db, id)).toMatchObject({ state: "deleted" });
  expect(await countStates(t.db)).toEqual({ ready: 1 });
});

test("one that nobody has begun when its node falls silent is called off; one that was begun is finished", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await relay.workOff();
  const [begun, waiting] = await rows<{ id: string }>(t.db, sql`select id from machines order by number`);
  await restartMachine(t.db, begun?.id ?? "", ADMIN);
  await relay.take("restart");
  await restartMachine(t.db, waiting?.id ?? "", ADMIN);
  await t.db.execute(sql`update nodes set last_seen_at = now() - interval '10 minutes'`);
  await sweep(t.db);
  expect(await getMachine(t.db, waiting?.id ?? "")).toMatchObject({ state: "suspect", operation: null });
  expect(await told(t.db, waiting?.id ?? "")).toContain("restart_failed");

  const next = await openRelay(t.db);
  expect(await next.take("restart")).toMatchObject({ machine: { id: begun?.id } });
});
