import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
import { sweep } from "../../../src/cron/sweep.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { reportInventory } from "../../../src/domain/nodes/applyInventory.ts";
import { planPoolChange } from "../../../src/domain/pools/preview.ts";
import { getPool, putPool } from "../../../src/domain/pools/pools.ts";
import { putRecipe } from "../../../src/domain/recipes/recipes.ts";
import { atNight, isNight } from "../../helpers/nightly.ts";
import { passTime } from "../../helpers/passTime.ts";
import { testDb } from "../../helpers/db.ts";
import {
  ADMIN,
  APP,
  countStates,
  doHappily,
  KEY_A,
  KEY_B,
  makeWorld,
  NODE,
  RECIPE,
  specOf,
  type StandInRelay,
} from "../../helpers/world.ts";

const put = (db: Db, change: Parameters<typeof specOf>[0]) =>
  putPool(db, poolSpec.parse(specOf(change)), ADMIN);

type Stock = { current: number; stale: number; gone: number };

/** Machines that are not proven gone, by whether the spec has left them behind. */
async function stock(db: Db): Promise<Stock> {
  const [row] = await rows<Stock>(
    db,
    sql`select count(*) filter (where m.state in ('ready', 'provisioning') and m.machine_spec = p.machine_spec)::int as current,
        count(*) filter (where m.state = 'ready' and m.machine_spec <> p.machine_spec)::int as stale,
        count(*) filter (where m.state = 'deleted')::int as gone
      from machines m join pools p on p.name = m.pool`,
  );
  if (row === undefined) throw new Error("expected a row");
  return row;
}

/** Sweeps, each followed by all there is to do, until nothing changes any more; what was claimable after each. */
async function settle(db: Db, relay: StandInRelay, stuck?: OperationResult): Promise<number[]> {
  const claimable: number[] = [];
  for (let before = "", now = "-"; before !== now;) {
    await sweep(db);
    for (let round = 0; round < 6; round += 1) {
      for (const operation of await relay.lease()) {
        if (operation.kind === "delete" && stuck !== undefined) await relay.finish(operation, stuck);
        else await doHappily(relay, operation);
      }
    }
    claimable.push((await getPool(db, "demo")).claimable);
    before = now;
    now = JSON.stringify([await stock(db), await countStates(db)]);
    if (claimable.length > 40) throw new Error("it never settles");
  }
  return claimable;
}

const CHANGES = [
  ["image", { image: "debian-13" }],
  ["shape", { shape: { vcpus: 2, memoryMib: 512, diskGib: 4 } }],
  ["admin keys", { adminSshKeys: [KEY_B] }],
] satisfies [string, Parameters<typeof specOf>[0]][];

test.each(atNight(CHANGES))(
  "R15 another %s: machines are replaced one at a time, new ones first, and the pool stays filled",
  async (_, change) => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 5 });
    await relay.workOff();
    await put(t.db, { targetSize: 3, maxSize: 5, ...change });
    expect(await stock(t.db)).toEqual({ current: 1, stale: 3, gone: 0 });
    const claimable = await settle(t.db, relay);
    expect(Math.min(...claimable)).toBeGreaterThanOrEqual(3);
    expect(await stock(t.db)).toEqual({ current: 3, stale: 0, gone: 3 });
    expect(await countStates(t.db)).toEqual({ ready: 3 });
    const why = await rows(t.db, sql`select distinct reason from events where after = 'deleting'`);
    expect(why).toEqual([{ reason: "stale" }]);
  },
);

test("R15 at maxSize the old one goes first, one short at most", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 3 });
  await relay.workOff();
  await put(t.db, { targetSize: 3, maxSize: 3, image: "debian-13" });
  expect(await countStates(t.db)).toEqual({ ready: 2, deleting: 1 });
  await settle(t.db, relay);
  expect(await stock(t.db)).toEqual({ current: 3, stale: 0, gone: 3 });
});

test("R15 at maxSize with testers: creates of 20 minutes → never more than one short, as the plan says", async () => {
  await using t = await testDb();
  const change = { targetSize: 3, maxSize: 5, image: "debian-13" };
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 5 });
  await relay.workOff();
  for (const username of ["alice", "bob"]) await assign(t.connection, { username, sshKeys: [KEY_A] }, APP);
  await sweep(t.db);
  await relay.workOff();
  const plan = await planPoolChange(t.db, poolSpec.parse(specOf(change)));
  expect(plan).toMatchObject({ readyAtLeast: 2 });
  expect(plan.replace).toHaveLength(3);
  await put(t.db, change);
  const ready: number[] = [];
  for (let minute = 0; minute < 20; minute += 4) {
    for (const operation of await relay.lease())
      if (operation.kind !== "create") await doHappily(relay, operation);
    await passTime(t.db, 240);
    await t.db.execute(sql`update nodes set last_seen_at = now()`);
    await t.db.execute(
      sql`update operations set lease_until = now() + interval '1 hour' where state = 'leased'`,
    );
    await sweep(t.db);
    ready.push((await getPool(t.db, "demo")).claimable);
  }
  expect(Math.min(...ready)).toBe(2);
});

test.runIf(isNight)("R15 a stuck delete does not stop the rollout", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 9 });
  await relay.workOff();
  await put(t.db, { targetSize: 3, maxSize: 9, image: "debian-13" });
  const claimable = await settle(t.db, relay, { outcome: "delete_failed", message: "the store is gone" });
  expect(Math.min(...claimable)).toBeGreaterThanOrEqual(3);
  expect(await stock(t.db)).toMatchObject({ current: 3, stale: 0 });
  expect(await countStates(t.db)).toEqual({ ready: 3, deleting: 3 });
});

test("R15 a stuck delete at maxSize = targetSize is said, costs no second machine, and the rollout ends after it", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 3 });
  await relay.workOff();
  await put(t.db, { targetSize: 3, maxSize: 3, image: "debian-13" });
  const stuck = await relay.take("delete");
  await relay.finish(stuck, { outcome: "delete_failed", message: "the store is gone" });
  await t.db.execute(sql`update operations set not_before = 'infinity' where id = ${stuck.id}`);
  for (let minute = 0; minute < 10; minute += 1) {
    expect((await countStates(t.db))["ready"]).toBe(2);
    await passTime(t.db, 301);
    await t.db.execute(sql`update nodes set last_seen_at = now()`);
    await sweep(t.db);
    await relay.workOff();
  }
  expect(await stock(t.db)).toEqual({ current: 0, stale: 2, gone: 0 });
  const { conditions } = await getPool(t.db, "demo");
  expect(conditions.find(({ type }) => type === "Progressing")).toMatchObject({
    reason: "AtMaxSize",
    message: expect.stringContaining("1 of them being deleted") as string,
  });
  await t.db.execute(sql`update operations set not_before = now() where id = ${stuck.id}`);
  expect(Math.min(...(await settle(t.db, relay)))).toBeGreaterThanOrEqual(2);
  expect(await stock(t.db)).toEqual({ current: 3, stale: 0, gone: 3 });
});

test("R15 where the node has no room for both, the old one goes first", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 9 });
  await relay.workOff();
  await t.db.execute(
    sql`update nodes set "full" = jsonb_build_object('1x512x4 container', jsonb_build_object('since', now(), 'inventory', null))`,
  );
  await put(t.db, { targetSize: 2, maxSize: 9, image: "debian-13" });
  expect(await countStates(t.db)).toEqual({ ready: 1, deleting: 1 });
  await sweep(t.db);
  expect(await countStates(t.db)).toEqual({ ready: 1, deleting: 1 });
});

test("R15 a new image that cannot be made costs no machine", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 5 });
  await relay.workOff();
  await put(t.db, { targetSize: 2, maxSize: 5, image: "broken" });
  for (let round = 0; round < 4; round += 1) {
    for (const operation of await relay.lease()) {
      if (operation.kind !== "create") await doHappily(relay, operation);
      else
        await relay.finish(operation, {
          outcome: "create_failed",
          reason: "driver_failed",
          message: "no such image",
          evidence: {},
        });
    }
    await sweep(t.db);
  }
  expect((await countStates(t.db))["ready"]).toBe(2);
});

test("a changed recipe leaves ready machines as they are", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 4 });
  await relay.workOff();
  await putRecipe(
    t.db,
    { ...RECIPE, steps: [{ id: "other", title: "Other", script: "true", timeoutSeconds: 9 }] },
    ADMIN,
  );
  await put(t.db, { targetSize: 2, maxSize: 4, healthCommand: "true" });
  await settle(t.db, relay);
  expect(await stock(t.db)).toEqual({ current: 2, stale: 0, gone: 0 });
});

test("R15 machines past machineTtlSeconds are replaced the same way, not all at the same moment", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 12, maxSize: 20, machineTtlSeconds: 1000 });
  for (let batch = 0; batch < 6; batch += 1) await relay.workOff();
  const age = (seconds: number) =>
    t.db.execute(
      sql`update machines set ready_at = now() - make_interval(secs => ${seconds}) where state = 'ready'`,
    );
  await age(890);
  await sweep(t.db);
  expect((await stock(t.db)).stale).toBe(0);
  await age(950);
  await sweep(t.db);
  const half = (await stock(t.db)).stale;
  expect(half).toBeGreaterThan(0);
  expect(half).toBeLessThan(12);
  await age(1001);
  await sweep(t.db);
  expect((await stock(t.db)).stale).toBe(12);
});

test("R15 one that is past its time is claimed only when there is no current one, though it is ready the longest", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2, machineTtlSeconds: 1000 });
  await relay.workOff();
  await t.db.execute(sql`update machines set ready_at = now() - interval '2 hours' where number = 1`);
  await t.db.execute(sql`update pools set paused = true`);
  await sweep(t.db);
  const first = await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  const second = await assign(t.connection, { username: "bob", sshKeys: [KEY_A] }, APP);
  expect(first.assignment.machine?.name).toContain("demo-2-");
  expect(second.assignment.machine?.name).toContain("demo-1-");
});

test("R15 a shape that fits nowhere costs no machine", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 5 });
  await relay.workOff();
  await reportInventory(t.db, NODE, {
    cpus: 8,
    memoryMib: { total: 32_768, available: 30_000, reserve: 3277 },
    disks: [{ name: "sda", totalGib: 100, usedGib: 4, thin: false }],
  });
  const shape = { vcpus: 1, memoryMib: 512, diskGib: 500 };
  await put(t.db, { targetSize: 1, maxSize: 5, shape });
  for (let round = 0; round < 3; round += 1) {
    await sweep(t.db);
    await relay.workOff();
  }
  expect(await countStates(t.db)).toEqual({ ready: 1 });
});
