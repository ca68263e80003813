import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec, type PoolSpecInput } from "../../../src/contract/pool.ts";
import { sweep } from "../../../src/cron/sweep.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign, scheduleNode } from "../../helpers/leftToSweep.ts";
import { reportInventory } from "../../../src/domain/nodes/applyInventory.ts";
import { putPool } from "../../../src/domain/pools/pools.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, APP, KEY_A, makeWorld, openRelay, specOf, type StandInRelay } from "../../helpers/world.ts";

/** Nodes that are drained, and several pools on nodes that have not room for all. */

const shape = { vcpus: 1, memoryMib: 1024, diskGib: 100 };
const pool = (change: Partial<PoolSpecInput>) => poolSpec.parse(specOf({ shape, maxSize: 20, ...change }));

async function room(db: Db, node: string, machines: number): Promise<void> {
  await reportInventory(db, node, {
    cpus: 8,
    memoryMib: { total: 65_536, available: 60_000, reserve: 6554 },
    disks: [{ name: "sda", totalGib: 100 * machines, usedGib: 0, thin: true }],
  });
}

async function secondNode(db: Db): Promise<StandInRelay> {
  await db.execute(sql`insert into nodes (name) values ('n2')`);
  const relay = await openRelay(db, "n2");
  await relay.answerProbe();
  return relay;
}

/** `{ "n1 ready": 2, … }` */
async function where(db: Db): Promise<Record<string, number>> {
  const found = await rows<{ key: string; count: number }>(
    db,
    sql`select node || ' ' || state as key, count(*)::int as count from machines where state <> 'deleted' group by 1`,
  );
  return Object.fromEntries(found.map(({ key, count }) => [key, count]));
}

test("I3 a drained node's ready machines are replaced elsewhere first, one at a time; the assigned one stays", async () => {
  await using t = await testDb();
  const one = await makeWorld(t.db, { targetSize: 2, maxSize: 20, shape });
  await one.workOff();
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  await sweep(t.db);
  await one.workOff();
  const two = await secondNode(t.db);
  await scheduleNode(t.db, "n1", "draining", ADMIN);
  let least = 2;
  for (let round = 0; round < 6; round += 1) {
    await sweep(t.db);
    await two.workOff();
    const now = await where(t.db);
    least = Math.min(least, (now["n1 ready"] ?? 0) + (now["n2 ready"] ?? 0));
    await one.workOff();
  }
  expect(await where(t.db)).toEqual({ "n1 assigned": 1, "n2 ready": 2 });
  expect(least).toBe(2);
  const told = await rows(t.db, sql`select 1 from events where reason = 'drained' and after = 'deleting'`);
  expect(told).toHaveLength(2);
  await scheduleNode(t.db, "n1", "open", ADMIN);
  await putPool(t.db, pool({ targetSize: 4 }), ADMIN);
  expect((await where(t.db))["n1 provisioning"]).toBe(2);
});

test("with nowhere else to go the machines of a drained node stay, and are claimed", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, shape });
  await relay.workOff();
  await scheduleNode(t.db, "n1", "draining", ADMIN);
  for (let round = 0; round < 3; round += 1) {
    await sweep(t.db);
    await relay.workOff();
  }
  expect(await where(t.db)).toEqual({ "n1 ready": 1 });
  const { assignment } = await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  expect(assignment.state).toBe("setting_up");
});

test("a machine on an open node is handed out before one on a node that is drained", async () => {
  await using t = await testDb();
  const one = await makeWorld(t.db, { targetSize: 1, shape });
  await one.workOff();
  const two = await secondNode(t.db);
  await putPool(t.db, pool({ targetSize: 2 }), ADMIN);
  await two.workOff();
  await scheduleNode(t.db, "n1", "draining", ADMIN);
  const { assignment } = await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  const [given] = await rows(t.db, sql`select node from machines where id = ${assignment.machine?.id}`);
  expect(given).toEqual({ node: "n2" });
});

test("R15 where there is not room for all, the tester who waits goes before every pool's stock", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 0, shape });
  await putPool(t.db, pool({ name: "stock", targetSize: 0 }), ADMIN);
  await room(t.db, "n1", 2);
  await t.db.execute(sql`update pools set spec = spec || '{"targetSize": 5}' where name = 'stock'`);
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A], pool: "demo" }, APP);
  await sweep(t.db);
  const made = await rows(
    t.db,
    sql`select pool, count(*)::int as n from machines group by pool order by pool`,
  );
  expect(made).toEqual([
    { pool: "demo", n: 1 },
    { pool: "stock", n: 1 },
  ]);
});

test("R15 the pool that is furthest below its target is filled first", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, shape });
  await relay.workOff();
  await putPool(t.db, pool({ name: "empty", targetSize: 0 }), ADMIN);
  await room(t.db, "n1", 3);
  await t.db.execute(sql`update pools set spec = spec || '{"targetSize": 4}'`);
  await sweep(t.db);
  const made = await rows(t.db, sql`select pool from machines where state = 'provisioning'`);
  expect(made).toEqual([{ pool: "empty" }]);
});
