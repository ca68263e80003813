import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { sweep } from "../../../src/cron/sweep.ts";
import { rows } from "../../../src/db/client.ts";
import { assign, liftBrake } from "../../helpers/leftToSweep.ts";
import { listNodes } from "../../../src/domain/nodes/view.ts";
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
import { ADMIN, APP, countStates, KEY_A, makeWorld } from "../../helpers/world.ts";

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

test("R7 a probe that was under way when an admin lifted the brake counts for nothing", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2, failureThreshold: 1 });
  await relay.workOff();
  const all = await namesOf(t.db);
  await sweepWith(t.db, relay, all);
  await t.db.execute(sql`update pools set paused = true`);
  await sweep(t.db);
  const probe = await relay.take("probe");
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
