import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import { connect, rows } from "../../../src/db/client.ts";
import { assign } from "../../../src/domain/assignments/assign.ts";
import { findTester, releaseAssignment } from "../../../src/domain/assignments/release.ts";
import { bySweep, change, type Follow } from "../../../src/domain/core/change.ts";
import { moveMachines } from "../../../src/domain/core/moves.ts";
import { nothingTouched, touch, type Touched } from "../../../src/domain/core/touched.ts";
import { afterwards, follow, FOLLOWER_FAILED } from "../../../src/domain/follow/follow.ts";
import { labelNode, liftBrake, removeNode, scheduleNode } from "../../../src/domain/nodes/actions.ts";
import { putPool } from "../../../src/domain/pools/pools.ts";
import { testDb } from "../../helpers/db.ts";
import { takeFailures } from "../../helpers/followers.ts";
import { ADMIN, APP, countStates, KEY_A, makeWorld, NODE, specOf } from "../../helpers/world.ts";

/** A follow that only notes what it was given. */
function noting(): { follow: Follow; seen: Touched[] } {
  const seen: Touched[] = [];
  const noted: Follow = (_, touched) => {
    seen.push(touched);
    return Promise.resolve();
  };
  return { follow: noted, seen };
}

const ALICE = { username: "alice", sshKeys: [KEY_A] };
const demo = { matches: new Set(), refills: new Set(["demo"]), everyPool: false };

test("change: many moves of one pool → it is refilled once, after the commit", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3 });
  await relay.workOff();
  const { follow: noted, seen } = noting();
  const ids = await rows<{ id: string }>(t.db, sql`select id from machines order by number`);
  await change(t.db, ADMIN, noted, async (tx) => {
    for (const { id } of ids)
      await moveMachines(tx, sql`select ${id}::uuid`, { to: "suspect", actor: ADMIN, reason: "restart" });
    expect(seen).toEqual([]);
  });
  expect(seen).toMatchObject([demo]);

  const statements: string[] = [];
  const connection = connect(t.url, { onStatement: (text) => statements.push(text), max: 1 });
  try {
    for (const touched of seen) await follow(connection.db, touched, ADMIN);
  } finally {
    await connection.close();
  }
  expect(statements.filter((text) => text.includes("from pools where name = "))).toHaveLength(1);
});

test("change: a transaction that is rolled back → nothing follows", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  const { follow: noted, seen } = noting();
  const failing = change(t.db, ADMIN, noted, async (tx) => {
    await moveMachines(tx, sql`select id from machines`, { to: "suspect", actor: ADMIN, reason: "restart" });
    throw new Error("rolled back");
  });
  await expect(failing).rejects.toThrow("rolled back");
  expect(seen).toEqual([]);
});

test("change: a move that finds nothing to move → nothing follows", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  const { follow: noted, seen } = noting();
  await change(t.db, ADMIN, noted, (tx) =>
    moveMachines(tx, sql`select id from machines`, { to: "held", actor: ADMIN, reason: "held" }),
  );
  expect(seen).toEqual([]);
});

test("assign and release: one follower each, of their pool; a repeat has none", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  const { follow: noted, seen } = noting();
  const { assignment } = await assign(t.connection, ALICE, APP, noted);
  expect(seen.splice(0)).toMatchObject([demo]);
  await assign(t.connection, ALICE, APP, noted);
  expect(seen).toEqual([]);
  await releaseAssignment(t.db, assignment.id, APP, noted);
  expect(seen.splice(0)).toMatchObject([demo]);
  await releaseAssignment(t.db, assignment.id, APP, noted);
  expect(seen).toEqual([]);
});

test("assign: a tester who has to wait → the pool is refilled for them", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 0 });
  await assign(t.connection, ALICE, APP, follow);
  expect(await countStates(t.db)).toEqual({ provisioning: 1 });
});

test("a node that is opened, labelled, lifted or removed → every pool; one that is drained → none", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  await t.db.execute(sql`insert into brakes (node, dead, answered) values (${NODE}, 2, 2)`);
  const { follow: noted, seen } = noting();
  await scheduleNode(t.db, NODE, "draining", ADMIN, noted);
  expect(seen).toEqual([]);
  await scheduleNode(t.db, NODE, "open", ADMIN, noted);
  await labelNode(t.db, { name: NODE, labels: ["gpu"] }, ADMIN, noted);
  await liftBrake(t.db, { name: NODE }, ADMIN, noted);
  await removeNode(t.db, { name: NODE, lost: false }, ADMIN, noted);
  expect(seen.map(({ everyPool }) => everyPool)).toEqual([true, true, true, true]);
});

test("every pool: those who wait are matched, and each pool is refilled", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await t.db.execute(sql`update nodes set scheduling = 'draining'`);
  await putPool(t.db, poolSpec.parse(specOf({ name: "other", targetSize: 1 })), ADMIN);
  await t.db.execute(sql`update nodes set scheduling = 'open', state = 'silent'`);
  await assign(t.connection, { ...ALICE, pool: "demo" }, APP, bySweep);
  await t.db.execute(sql`update nodes set state = 'online'`);
  const touched = nothingTouched();
  touch(touched, ["every pool"]);
  await follow(t.db, touched, ADMIN);
  expect(await findTester(t.db, { username: "alice", pool: "demo" })).toMatchObject({ state: "setting_up" });
  expect(await countStates(t.db)).toEqual({ assigned: 1, provisioning: 2 });
});

test("a follower that fails: it is logged, the others run, and the change stands", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  await t.db.execute(sql`alter table machines add constraint none check (pool <> 'broken')`);
  const touched = nothingTouched();
  await putPool(t.db, poolSpec.parse(specOf({ name: "broken", targetSize: 1 })), ADMIN);
  touch(touched, ["refill"], { pool: "broken" });
  touch(touched, ["refill"], { pool: "demo" });
  await putPool(t.db, poolSpec.parse(specOf({ targetSize: 1 })), ADMIN);
  await follow(t.db, touched, ADMIN);

  expect(await countStates(t.db)).toEqual({ provisioning: 1 });
  const said = takeFailures().map((text): unknown => JSON.parse(text));
  expect(said).toHaveLength(2);
  expect(said[0]).toMatchObject({
    level: "error",
    message: FOLLOWER_FAILED,
    follower: "refill",
    of: "broken",
  });
});

test("afterwards: it is handed over and not waited for", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  const later: (() => Promise<void>)[] = [];
  const touched = nothingTouched();
  await t.db.execute(sql`update pools set spec = spec || '{"targetSize": 1}'`);
  touch(touched, ["refill"], { pool: "demo" });
  await afterwards((work) => later.push(work))(t.db, touched, ADMIN);
  expect(await countStates(t.db)).toEqual({});
  for (const work of later) await work();
  expect(await countStates(t.db)).toEqual({ provisioning: 1 });
});
