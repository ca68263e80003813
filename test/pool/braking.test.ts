import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import type { OperationResult } from "../../src/contract/relay.ts";
import { sweep } from "../../src/cron/sweep.ts";
import { type Db, rows } from "../../src/db/client.ts";
import { assign } from "../../src/pool/assign.ts";
import { liftBrake } from "../../src/pool/nodeActions.ts";
import { listNodes } from "../../src/pool/nodes.ts";
import { listMachines } from "../../src/pool/machineView.ts";
import { testDb } from "../helpers/db.ts";
import { ADMIN, APP, countStates, doHappily, KEY_A, makeWorld, type StandInRelay } from "../helpers/world.ts";

const NOT_REACHABLE: OperationResult = {
  outcome: "create_failed",
  reason: "not_reachable",
  message: "it never answered over SSH within 600 s",
  evidence: {},
};

const namesOf = async (db: Db) => (await listMachines(db, { limit: 500 })).items.map(({ name }) => name);

/** A sweep whose probe finds these dead and whatever else there is alive. */
async function sweepWith(db: Db, relay: StandInRelay, dead: readonly string[]): Promise<void> {
  await sweep(db);
  await relay.answerProbe(dead);
}

/** What there is to create or delete is done, well or with this result; probes are left for `sweepWith`. */
async function workOn(relay: StandInRelay, create?: OperationResult): Promise<string[]> {
  const made: string[] = [];
  for (const operation of await relay.lease()) {
    if (operation.kind === "create") made.push(operation.machine.name);
    if (operation.kind === "create" && create !== undefined) await relay.finish(operation, create);
    else await doHappily(relay, operation);
  }
  return made;
}

const brakeOf = async (db: Db) =>
  (await rows<{ released_by: string | null }>(db, sql`select * from brakes`))[0];
const tornDown = async (db: Db) =>
  (await rows(db, sql`select 1 from events where kind = 'machine' and after = 'deleting'`)).length;
const retryCanary = (db: Db) => db.execute(sql`update brakes set canary_not_before = now()`);

test.each([
  [2, 3, true],
  [5, 5, true],
  [4, 10, false],
  [1, 1, false],
])("R7 %i of %i dead: trips the brake: %s", async (dead, all, trips) => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: all, maxSize: all + 2 });
  await relay.workOff();
  const victims = (await namesOf(t.db)).slice(0, dead);
  await sweepWith(t.db, relay, victims);
  await workOn(relay, NOT_REACHABLE);
  await sweepWith(t.db, relay, victims);

  expect((await brakeOf(t.db)) !== undefined).toBe(trips);
  const canaries = await rows(
    t.db,
    sql`select 1 from events where reason = 'canary' and after = 'provisioning'`,
  );
  expect(canaries).toHaveLength(trips ? 1 : 0);
  const dying = await rows(
    t.db,
    sql`select 1 from machines where ready_at is not null and state = 'deleting'`,
  );
  expect(dying).toHaveLength(trips ? 0 : dead);
});

test("R7 a bridge that is gone and comes back: nothing is torn down, all return, the brake lifts", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 5 });
  await relay.workOff();
  const all = await namesOf(t.db);
  for (let minute = 0; minute < 5; minute += 1) {
    await sweepWith(t.db, relay, all);
    await workOn(relay, NOT_REACHABLE);
    await retryCanary(t.db);
  }
  const states = await countStates(t.db);
  expect(states["suspect"]).toBe(3);
  expect(states["ready"]).toBeUndefined();

  await sweepWith(t.db, relay, []);
  expect(await brakeOf(t.db)).toBeUndefined();
  const back = await rows(t.db, sql`select name from machines where state = 'ready' order by name`);
  expect(back.map(({ name }) => name)).toEqual(all.toSorted());
});

test("R7 a bridge that comes back just before the canary costs no machine", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 5 });
  await relay.workOff();
  const all = await namesOf(t.db);
  await sweepWith(t.db, relay, all);
  const [canary] = await workOn(relay);
  expect(canary).toBeDefined();
  expect(await brakeOf(t.db)).toMatchObject({ released_by: "node:n1" });
  // The canary is ready and tells that the node is fine; only now are the machines asked again.
  await sweepWith(t.db, relay, []);
  expect(await countStates(t.db)).toEqual({ ready: 4 });
  expect(await brakeOf(t.db)).toBeUndefined();
  expect(await tornDown(t.db)).toBe(0);
});

test("R7 machines that are really dead are replaced once a canary is ready, with strikes from zero", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 6 });
  await relay.workOff();
  const all = await namesOf(t.db);
  await sweepWith(t.db, relay, all);
  await sweepWith(t.db, relay, all);
  expect(await tornDown(t.db)).toBe(0);
  await workOn(relay);
  await sweepWith(t.db, relay, all);
  expect(await countStates(t.db)).toEqual({ suspect: 3, ready: 1 });
  await sweepWith(t.db, relay, all);
  expect((await countStates(t.db))["deleting"]).toBe(3);
  for (let round = 0; round < 4; round += 1) await workOn(relay);
  await sweepWith(t.db, relay, []);
  expect(await countStates(t.db)).toEqual({ ready: 3 });
  expect(await brakeOf(t.db)).toBeUndefined();
});

test("R7 a probe begun before the canary was ready counts for nothing", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 4, failureThreshold: 1 });
  await relay.workOff();
  await sweepWith(t.db, relay, await namesOf(t.db));
  await sweep(t.db);
  const operations = await relay.lease();
  const probe = operations.find(({ kind }) => kind === "probe");
  const create = operations.find(({ kind }) => kind === "create");
  if (probe?.kind !== "probe" || create === undefined) throw new Error("expected a probe and a canary");
  await doHappily(relay, create);
  await relay.finish(probe, {
    outcome: "probed",
    listing: null,
    answers: probe.machines.map(({ id }) => ({ id, answer: "dead", cause: "refused" })),
  });
  expect(await countStates(t.db)).toEqual({ suspect: 2, ready: 1 });
});

test("R7 a probe that was under way when an admin lifted the brake counts for nothing", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2, failureThreshold: 1 });
  await relay.workOff();
  const all = await namesOf(t.db);
  await sweepWith(t.db, relay, all);
  await t.db.execute(sql`update pools set paused = true`);
  await sweep(t.db);
  const probe = (await relay.lease()).find(({ kind }) => kind === "probe");
  if (probe?.kind !== "probe") throw new Error("expected a probe");
  await liftBrake(t.db, { name: "n1" }, ADMIN);
  await t.db.execute(sql`update pools set paused = false`);
  const before = await tornDown(t.db);
  await relay.finish(probe, {
    outcome: "probed",
    listing: null,
    answers: probe.machines.map(({ id }) => ({ id, answer: "dead", cause: "refused" })),
  });
  expect(await tornDown(t.db)).toBe(before);
  await sweepWith(t.db, relay, all);
  expect(await tornDown(t.db)).toBeGreaterThan(before);
});

test("R7 a canary that dies too brakes again", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 9, failureThreshold: 1 });
  await relay.workOff();
  const all = await namesOf(t.db);
  await sweepWith(t.db, relay, all);
  const [canary = ""] = await workOn(relay);
  await sweepWith(t.db, relay, [...all, canary]);
  expect(await brakeOf(t.db)).toMatchObject({ released_by: null });
  expect(await tornDown(t.db)).toBe(0);
});

test("R7 at maxSize one suspect makes room for the canary, and no second one", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 3 });
  await relay.workOff();
  const all = await namesOf(t.db);
  for (let minute = 0; minute < 4; minute += 1) {
    await sweepWith(t.db, relay, all);
    await workOn(relay, NOT_REACHABLE);
    await workOn(relay, NOT_REACHABLE);
    await retryCanary(t.db);
  }
  const lost = await rows(t.db, sql`select 1 from machines where ready_at is not null and state = 'deleted'`);
  expect(lost).toHaveLength(1);
  const canaries = await rows(
    t.db,
    sql`select 1 from events where reason = 'canary' and after = 'provisioning'`,
  );
  expect(canaries.length).toBeGreaterThan(1);
  expect((await countStates(t.db))["suspect"]).toBe(2);
});

test("R7 with all dead ones assigned and no room nothing is touched", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await relay.workOff();
  for (const username of ["alice", "bob"]) await assign(t.connection, { username, sshKeys: [KEY_A] }, APP);
  await relay.workOff();
  const all = await namesOf(t.db);
  for (let minute = 0; minute < 3; minute += 1) {
    await sweepWith(t.db, relay, all);
    expect(await workOn(relay)).toEqual([]);
  }
  expect(await countStates(t.db)).toEqual({ assigned: 2 });
  expect(await brakeOf(t.db)).toMatchObject({ released_by: null });
});

test("R7 canaries that fail come later each time and count nothing against the pool", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 9 });
  await relay.workOff();
  const all = await namesOf(t.db);
  const waits: number[] = [];
  for (let n = 0; n < 3; n += 1) {
    await sweepWith(t.db, relay, all);
    expect(await workOn(relay, NOT_REACHABLE)).toHaveLength(1);
    expect(await workOn(relay, NOT_REACHABLE)).toEqual([]);
    const [row] = await rows<{ wait: number }>(
      t.db,
      sql`select extract(epoch from canary_not_before - now())::float8 as wait from brakes`,
    );
    waits.push(row?.wait ?? 0);
    await retryCanary(t.db);
  }
  expect(waits[2]).toBeGreaterThan(2 * (waits[0] ?? 0));
  expect(await rows(t.db, sql`select create_failures from pools`)).toEqual([{ create_failures: 0 }]);
});

test("R7 an admin's word lifts the brake, on record, and the dead are replaced without a canary", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await relay.workOff();
  for (const username of ["alice", "bob"]) await assign(t.connection, { username, sshKeys: [KEY_A] }, APP);
  await sweep(t.db);
  await expect(liftBrake(t.db, { name: "n1" }, ADMIN)).rejects.toMatchObject({ code: "CONFLICT" });
  await expect(liftBrake(t.db, { name: "n2" }, ADMIN)).rejects.toMatchObject({ code: "NOT_FOUND" });
  await relay.workOff();
  await t.db.execute(sql`update pools set spec = spec || '{"maxSize": 4}'`);
  await sweep(t.db);
  await relay.workOff();
  const all = await namesOf(t.db);
  await sweepWith(t.db, relay, all);
  expect((await listNodes(t.db, "n1"))[0]?.brake).toMatchObject({
    dead: 4,
    answered: 4,
    cause: "refused",
    releasedAt: null,
  });
  const lifted = await liftBrake(t.db, { name: "n1", note: "the disk burned" }, ADMIN);
  expect(lifted.brake).toMatchObject({ releasedBy: ADMIN });
  await sweepWith(t.db, relay, all);
  await sweepWith(t.db, relay, all);
  expect(await countStates(t.db)).toEqual({ assigned: 2, deleting: 2 });
  expect(
    await rows(t.db, sql`select actor, data ->> 'note' as note from events where reason = 'brake_overruled'`),
  ).toEqual([{ actor: ADMIN, note: "the disk burned" }]);
});

test("R7 R12 misses of set-ups feed the brake like dead probes: a bridge that is down does not eat the pool", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 4, maxSize: 9 });
  await relay.workOff();
  await sweepWith(t.db, relay, []);
  for (const username of ["a", "b", "c"]) await assign(t.connection, { username, sshKeys: [KEY_A] }, APP);
  for (let swaps = 0; swaps < 3; swaps += 1) {
    for (const setup of (await relay.lease()).filter(({ kind }) => kind === "setup")) {
      await relay.finish(setup, { outcome: "setup_failed", reason: "unreachable", message: "refused" });
    }
  }
  expect(await brakeOf(t.db)).toMatchObject({ released_by: null });
  expect(await tornDown(t.db)).toBe(0);
  const old = await rows(t.db, sql`select 1 from machines where ready_at is not null and state = 'suspect'`);
  expect(old).toHaveLength(4);
});

test("R7 an empty listing that calls itself complete tears nothing down", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 5 });
  await relay.workOff();
  const all = await namesOf(t.db);
  for (let minute = 0; minute < 3; minute += 1) {
    await sweep(t.db);
    await relay.answerProbe([], all);
    await workOn(relay, NOT_REACHABLE);
  }
  expect((await countStates(t.db))["suspect"]).toBe(3);
});

test("a paused pool gets no canary and loses no machine", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 3 });
  await relay.workOff();
  await t.db.execute(sql`update pools set paused = true`);
  const all = await namesOf(t.db);
  for (let minute = 0; minute < 4; minute += 1) await sweepWith(t.db, relay, all);
  expect(await countStates(t.db)).toEqual({ suspect: 1 });
  await t.db.execute(sql`update pools set paused = false`);
  await sweepWith(t.db, relay, all);
  expect((await countStates(t.db))["deleting"]).toBe(1);
});
