import { expect, test } from "vitest";
import { poolSpec, type PoolSpecInput } from "../../../src/contract/pool.ts";
import { reportInventory } from "../../../src/domain/nodes/applyInventory.ts";
import { planPoolChange } from "../../../src/domain/pools/preview.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { replenish } from "../../../src/domain/supply/applyPlan.ts";
import { testDb } from "../../helpers/db.ts";
import { APP, countStates, KEY_A, makeWorld, NODE, specOf } from "../../helpers/world.ts";

const shape = { vcpus: 1, memoryMib: 1024, diskGib: 100 };
const spec = (change: Partial<PoolSpecInput> = {}) =>
  poolSpec.parse(specOf({ targetSize: 3, shape, ...change }));

/** Three ready machines, one of them with a tester, on a node that has room for one more. */
async function world(t: Awaited<ReturnType<typeof testDb>>) {
  const relay = await makeWorld(t.db, { targetSize: 3, shape });
  await relay.workOff();
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  await replenish(t.db, "demo", APP);
  await relay.workOff();
  await reportInventory(t.db, NODE, {
    cpus: 8,
    memoryMib: { total: 32_768, available: 30_000, reserve: 3277 },
    disks: [{ name: "sda", totalGib: 400, usedGib: 0, thin: true }],
  });
}

test("a new pool: what is made, and what finds no room and why", async () => {
  await using t = await testDb();
  await world(t);
  const plan = await planPoolChange(t.db, spec({ name: "second", targetSize: 4 }));
  expect(plan).toMatchObject({ isNew: true, create: 4, replace: [], remove: [] });
  expect(plan.unplaced).toEqual({ count: 4, binding: [{ node: NODE, constraint: "disk", detail: null }] });
  expect(plan.text).toContain("4 machines are wanted, and no node has room for them (n1: disk");
  expect(plan.text).not.toContain("would be created");
});

test("another image: ready ones are replaced in the room they give back, assigned ones stay", async () => {
  await using t = await testDb();
  await world(t);
  const before = await countStates(t.db);
  const plan = await planPoolChange(t.db, spec({ image: "other" }));
  expect(plan).toMatchObject({ isNew: false, changed: ["image"], create: 0, remove: [], unplaced: null });
  expect(plan.replace).toHaveLength(3);
  expect(plan.stay).toHaveLength(1);
  expect(await countStates(t.db)).toEqual(before);
});

test("a larger shape: those that the room given back cannot hold are told", async () => {
  await using t = await testDb();
  await world(t);
  const plan = await planPoolChange(t.db, spec({ shape: { ...shape, diskGib: 150 } }));
  expect(plan.replace).toHaveLength(3);
  expect(plan.unplaced?.count).toBe(1);
  expect(plan.text).toContain(". 1 more is wanted, and no node has room for it (");
});

test("a smaller target: stale ones go first, and the rest is replaced", async () => {
  await using t = await testDb();
  await world(t);
  const fewer = await planPoolChange(t.db, spec({ targetSize: 2 }));
  expect(fewer).toMatchObject({ create: 0, replace: [] });
  expect(fewer.remove).toHaveLength(1);
  const other = await planPoolChange(t.db, spec({ targetSize: 2, image: "other" }));
  expect([other.remove.length, other.replace.length]).toEqual([1, 2]);
});

test("nothing changes, and maxSize that is too small, are said in words", async () => {
  await using t = await testDb();
  await world(t);
  expect((await planPoolChange(t.db, spec())).text).toBe(
    "The spec would not change. No machine would be created or removed.",
  );
  expect(await planPoolChange(t.db, spec({ targetSize: 4, maxSize: 4 }))).toMatchObject({
    create: 0,
    blocked: "max_size",
  });
});

test("a recipe that is not there is refused as a put would", async () => {
  await using t = await testDb();
  await world(t);
  await expect(planPoolChange(t.db, spec({ recipe: "none" }))).rejects.toMatchObject({ code: "NOT_FOUND" });
});
