import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import type { Inventory } from "../../../src/contract/node.ts";
import { poolSpec } from "../../../src/contract/pool.ts";
import { connect } from "../../../src/db/client.ts";
import { capacityReport } from "../../../src/domain/capacity/report.ts";
import { reportInventory } from "../../../src/domain/nodes/applyInventory.ts";
import { putPool } from "../../../src/domain/pools/pools.ts";
import { replenish } from "../../../src/domain/supply/applyPlan.ts";
import { betweenStatements } from "../../helpers/between.ts";
import { waitsForLock } from "../../helpers/blocked.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, countStates, makeWorld, NODE, openRelay, specOf } from "../../helpers/world.ts";

const BARE = { cpuOvercommit: 16, memoryMib: 0, bootMemoryMib: 0, diskGib: 0 };
const shape = { vcpus: 1, memoryMib: 1024, diskGib: 100 };

/** A node with two devices of 250 GiB: five by totals, two and two in truth. */
function inventory(change: Partial<Inventory> = {}): Inventory {
  return {
    cpus: 8,
    memoryMib: { total: 32_768, available: 30_000, reserve: 3277 },
    disks: ["sda", "sdb"].map((name) => ({ name, totalGib: 250, usedGib: 0, thin: false })),
    overheads: BARE,
    machines: [],
    ...change,
  };
}

test("R5 creates stop where the disks are full, device by device, and the report says why", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 0, shape });
  await reportInventory(t.db, NODE, inventory());
  await putPool(t.db, poolSpec.parse(specOf({ targetSize: 9, shape })), ADMIN);
  expect(await countStates(t.db)).toEqual({ provisioning: 4 });
  const report = await capacityReport(t.db, {});
  expect(report).toMatchObject({
    pool: "demo",
    nominal: 5,
    booked: 4,
    placeable: 0,
    binding: [{ node: NODE, constraint: "disk", detail: null }],
  });
  expect(report.terms.map(({ kind, count }) => [kind, count])).toEqual([
    ["provisioning", 4],
    ["fragmentation", 1],
  ]);
  expect(report.text).toContain("0 more of 1 vCPU, 1024 MiB and 100 GiB fit: nominal 5");
});

test("another shape is asked for without a pool, on every node", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 0, shape });
  await reportInventory(t.db, NODE, inventory());
  expect(await capacityReport(t.db, { shape: { ...shape, diskGib: 200 } })).toMatchObject({
    pool: null,
    nominal: 2,
    placeable: 2,
  });
});

test("a machine proven gone after the count is no longer there, whatever the count shows", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 4, shape });
  await relay.workOff();
  const disks = (device: string) => [{ device, gib: 100 }];
  const names = await t.db.execute<{ name: string }>(sql`select name from machines order by number`);
  const machines = [...names].map(({ name }, at) => ({
    name,
    ours: true,
    running: true,
    vcpus: 1,
    memoryMib: 1024,
    disks: disks(at < 2 ? "sda" : "sdb"),
    limited: true,
  }));
  await reportInventory(t.db, NODE, inventory({ machines }));
  expect((await capacityReport(t.db, {})).placeable).toBe(0);
  await putPool(t.db, poolSpec.parse(specOf({ targetSize: 3, shape })), ADMIN);
  await t.db.execute(sql`
    update machines set state = 'deleted', deleted_at = now(),
      receipt = '{"kind":"listed","listingStartedAt":null,"storageProof":"volumes"}'
    where number = (select min(number) from machines)`);
  expect(await capacityReport(t.db, {})).toMatchObject({ placeable: 1, nodes: [{ drift: { noRow: [] } }] });
});

test("R11 two edges that create at once do not promise the same room twice", async () => {
  await using t = await testDb();
  const second = connect(t.url, { max: 4 });
  try {
    await makeWorld(t.db, { targetSize: 0, shape });
    await openRelay(t.db);
    await putPool(t.db, poolSpec.parse(specOf({ name: "other", targetSize: 0, shape })), ADMIN);
    await t.db.execute(sql`update nodes set state = 'online'`);
    await reportInventory(t.db, NODE, inventory());
    await t.db.execute(sql`update pools set spec = jsonb_set(spec, '{targetSize}', '4')`);
    // The other edge comes in when the first has looked at the node and is about to fill it.
    let other: Promise<{ created: number }> | null = null;
    const interrupted = betweenStatements(t.db, "with free as", async () => {
      other = replenish(second.db, "other", "system:replenish");
      await Promise.race([other, waitsForLock(t.db)]);
    });
    const first = await replenish(interrupted, "demo", "system:replenish");
    const filled = [first, await (other ?? Promise.reject(new Error("the other edge never came")))];
    expect(filled.reduce((sum, { created }) => sum + created, 0)).toBe(4);
    expect(await countStates(t.db)).toEqual({ provisioning: 4 });
  } finally {
    await second.close();
  }
});

test("a node that said no is not asked again for that shape until it looks different; for others it is", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, shape });
  await reportInventory(t.db, NODE, inventory());
  const create = await relay.take("create");
  await relay.finish(create, {
    outcome: "create_failed",
    reason: "no_capacity",
    message: "No space left on device",
    evidence: {},
  });
  const closed = async () => (await capacityReport(t.db, {})).binding[0]?.constraint;
  expect(await closed()).toBe("said_full");
  expect((await capacityReport(t.db, {})).text).toContain("No space left on device");
  // What the failed create still holds is no change of the node's.
  await reportInventory(
    t.db,
    NODE,
    inventory({ disks: [{ name: "sda", totalGib: 250, usedGib: 90, thin: false }] }),
  );
  await relay.workOff();
  await reportInventory(t.db, NODE, inventory());
  await reportInventory(t.db, NODE, inventory());
  expect(await closed()).toBe("said_full");
  await t.db.execute(sql`update pools set create_not_before = null`);
  expect((await replenish(t.db, "demo", "system:replenish")).created).toBe(0);
  expect((await capacityReport(t.db, { shape: { ...shape, diskGib: 50 } })).binding[0]?.constraint).toBe(
    "disk",
  );
  await t.db.execute(
    sql`update nodes set "full" = jsonb_set("full", '{1x1024x100 container,since}', '"2026-01-01T00:00:00.000Z"')`,
  );
  expect(await closed()).not.toBe("said_full");
  await t.db.execute(
    sql`update nodes set "full" = jsonb_set("full", '{1x1024x100 container,since}', to_jsonb(now()))`,
  );
  const more = inventory({ disks: [{ name: "sda", totalGib: 500, usedGib: 0, thin: false }] });
  await reportInventory(t.db, NODE, more);
  expect((await replenish(t.db, "demo", "system:replenish")).created).toBe(1);
});

test("what was counted too long ago is not used to create", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 0, shape });
  await reportInventory(t.db, NODE, inventory());
  await t.db.execute(sql`update nodes set inventory_at = now() - interval '6 minutes'`);
  await putPool(t.db, poolSpec.parse(specOf({ targetSize: 1, shape })), ADMIN);
  expect(await countStates(t.db)).toEqual({});
  expect((await capacityReport(t.db, {})).binding).toEqual([
    { node: NODE, constraint: "stale_inventory", detail: null },
  ]);
});
