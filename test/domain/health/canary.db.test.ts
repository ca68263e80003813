import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { sweep } from "../../../src/cron/sweep.ts";
import { rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import {
  brakeOf,
  namesOf,
  NOT_REACHABLE,
  retryCanary,
  sweepWith,
  tornDown,
  workOn,
} from "../../helpers/braked.ts";
import { testDb } from "../../helpers/db.ts";
import { APP, countStates, doHappily, KEY_A, makeWorld } from "../../helpers/world.ts";

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
