import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import { reap } from "../../../src/domain/pools/reap.ts";
import { sweep } from "../../../src/cron/sweep.ts";
import { rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { recreateMachine } from "../../../src/domain/machines/actions.ts";
import { listMachines } from "../../../src/domain/machines/view.ts";
import { removePool } from "../../../src/domain/pools/remove.ts";
import { getPool, listPools, putPool } from "../../../src/domain/pools/pools.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, APP, countStates, KEY_A, makeWorld, specOf } from "../../helpers/world.ts";

const alice = { username: "alice", sshKeys: [KEY_A] };
const demo = { name: "demo", release: false };

test("R14 a removed pool is shown until its last machine is proven gone, then leaves nothing behind", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 3 });
  await relay.workOff();
  await recreateMachine(t.db, (await listMachines(t.db, { limit: 1 })).items[0]?.id ?? "", ADMIN);

  const removed = await removePool(t.db, demo, ADMIN);

  expect(removed).toMatchObject({ name: "demo", machines: 3, released: 0 });
  const going = await getPool(t.db, "demo");
  expect(going).toMatchObject({ removedAt: removed.removedAt, counts: { deleting: 3, ready: 0 } });
  await expect(assign(t.connection, { ...alice, pool: "demo" }, APP)).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
  await sweep(t.db);
  await relay.workOff();
  await sweep(t.db);

  expect(await countStates(t.db)).toEqual({});
  expect(await listPools(t.db)).toEqual([]);
  await expect(getPool(t.db, "demo")).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(removePool(t.db, demo, ADMIN)).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(
    await rows(
      t.db,
      sql`select 1 from operations where state in ('queued', 'leased', 'cancelling') and kind <> 'probe'`,
    ),
  ).toEqual([]);
});

test("live assignments are a CONFLICT, waiting ones too, and release: true ends them", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, alice, APP);
  await assign(t.connection, { ...alice, username: "bob" }, APP);

  await expect(removePool(t.db, demo, ADMIN)).rejects.toMatchObject({
    code: "CONFLICT",
    message: /2 live assignments/,
  });
  expect((await getPool(t.db, "demo")).removedAt).toBeNull();
  expect(await removePool(t.db, { ...demo, release: true }, ADMIN)).toMatchObject({
    machines: 1,
    released: 2,
  });
  await relay.workOff();
  expect(await listPools(t.db)).toEqual([]);
  expect(await findTester(t.db, { username: "alice", pool: "demo" })).toMatchObject({ state: "released" });
});

test("a pool of the name can be put again, at once and later, and begins anew", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 2 });
  await relay.workOff();
  await t.db.execute(sql`update pools set paused = true, create_failures = 7`);
  await removePool(t.db, demo, ADMIN);

  const again = await putPool(t.db, poolSpec.parse(specOf({ targetSize: 1, maxSize: 2 })), ADMIN);

  expect(again).toMatchObject({ removedAt: null, paused: false, counts: { deleting: 1, provisioning: 1 } });
  await relay.workOff();
  expect(await countStates(t.db)).toEqual({ ready: 1 });
  expect((await assign(t.connection, alice, APP)).assignment.state).toBe("setting_up");
});

test("what an assign under way leaves in a removed pool is cleared by the sweep, a tester's machine excepted", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await relay.workOff();
  await assign(t.connection, alice, APP);
  await t.db.execute(sql`update machines set state = 'suspect', suspect_since = now() where state = 'ready'`);
  await assign(t.connection, { ...alice, username: "bob" }, APP);
  // As if both had begun before the removal's commit and ended behind it.
  await t.db.execute(sql`update pools set removed_at = now()`);

  await reap(t.db);

  expect(await findTester(t.db, { username: "alice", pool: "demo" })).toMatchObject({ state: "setting_up" });
  expect(await findTester(t.db, { username: "bob", pool: "demo" })).toMatchObject({ state: "released" });
  expect(await countStates(t.db)).toEqual({ assigned: 1, deleting: 1 });
});
