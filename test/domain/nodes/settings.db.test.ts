import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import type { Inventory } from "../../../src/contract/node.ts";
import { setNodeInput } from "../../../src/contract/nodeSettings.ts";
import { poolSpec } from "../../../src/contract/pool.ts";
import { rows } from "../../../src/db/client.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { capacityReport } from "../../../src/domain/capacity/report.ts";
import { silence } from "../../../src/domain/nodes/silence.ts";
import { assign, release, removeNode, setNode } from "../../helpers/leftToSweep.ts";
import { reportInventory } from "../../../src/domain/nodes/applyInventory.ts";
import { enroll } from "../../../src/domain/nodes/session.ts";
import { listNodes } from "../../../src/domain/nodes/view.ts";
import { planPoolChange } from "../../../src/domain/pools/preview.ts";
import { getPool } from "../../../src/domain/pools/pools.ts";
import { replenish } from "../../../src/domain/supply/applyPlan.ts";
import { type TestDb, testDb } from "../../helpers/db.ts";
import { passTime } from "../../helpers/passTime.ts";
import { ADMIN, APP, doHappily, KEY_A, makeWorld, NODE, specOf } from "../../helpers/world.ts";

/** What an operator sets of a node, and that it counts wherever the constant did. */

const setConcurrency = (t: TestDb, concurrency: number | null) =>
  setNode(t.db, { name: NODE, concurrency }, ADMIN);

/** A gibibyte of memory takes two machines, and as much again while two boot. */
const INVENTORY: Inventory = {
  cpus: 64,
  memoryMib: { total: 4096, available: 4096, reserve: 0 },
  disks: [{ name: "d", totalGib: 10_000, usedGib: 0, thin: true }],
  machines: [],
  overheads: { memoryMib: 0, bootMemoryMib: 512 },
};

test("concurrency: set to 4 → four creates are leased at a time, set to null → two again", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 9 });
  expect((await setConcurrency(t, 4)).concurrency).toBe(4);
  const leased = await relay.lease();
  expect(leased.map(({ kind }) => kind)).toEqual(["create", "create", "create", "create"]);
  for (const create of leased) await doHappily(relay, create);
  expect((await setConcurrency(t, null)).concurrency).toBe(2);
  expect(await relay.lease()).toHaveLength(2);
});

test("concurrency: the driver names one → it is the default, and an operator's word comes before it", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 9 });
  const shown = async () => (await listNodes(t.db, NODE))[0]?.concurrency;
  await reportInventory(t.db, NODE, { ...INVENTORY, concurrency: 3 });
  expect(await shown()).toBe(3);
  expect(await relay.lease()).toHaveLength(3);
  await setConcurrency(t, 4);
  expect(await shown()).toBe(4);
  expect(await relay.lease()).toHaveLength(1);
  await setConcurrency(t, null);
  await reportInventory(t.db, NODE, INVENTORY);
  expect(await shown()).toBe(2);
});

test("concurrency: a tester who waits → the estimate goes by it", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 0, maxSize: 2 });
  const ask = (username: string) => assign(t.connection, { username, sshKeys: [KEY_A] }, APP);
  await ask("first");
  await replenish(t.db, "demo", APP);
  const create = await relay.take("create");
  await passTime(t.db, 40);
  await doHappily(relay, create);
  await release(t.db, { username: "first" }, APP);
  await relay.workOff();
  for (const username of ["alice", "bob"]) await ask(username);
  const etaOfBob = async () => (await findTester(t.db, { username: "bob" })).queue?.etaSeconds;
  expect(await etaOfBob()).toEqual(expect.closeTo(40, -1));
  await setConcurrency(t, 1);
  expect(await etaOfBob()).toEqual(expect.closeTo(80, -1));
});

test("concurrency: a pool's runway → a refill takes as many rounds as it makes", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 4 });
  await relay.workOff();
  await t.db.execute(sql`update machines set create_seconds = 100`);
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  const refill = async () => (await getPool(t.db, "demo")).runway?.refillSeconds;
  expect(await refill()).toBe(200);
  await setConcurrency(t, 1);
  expect(await refill()).toBe(400);
});

test("concurrency: more machines boot at once → fewer fit, in the report and in the plan", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 0 });
  await reportInventory(t.db, NODE, INVENTORY);
  const spec = poolSpec.parse(specOf({ targetSize: 6 }));
  expect((await capacityReport(t.db, {})).placeable).toBe(6);
  expect((await planPoolChange(t.db, spec)).unplaced).toBeNull();
  await setConcurrency(t, 4);
  expect((await capacityReport(t.db, {})).placeable).toBe(4);
  expect((await planPoolChange(t.db, spec)).unplaced).toMatchObject({ count: 2 });
});

const heardAgo = (t: TestDb, seconds: number) =>
  t.db.execute(sql`update nodes set last_seen_at = now() - make_interval(secs => ${seconds})`);

test("silenceSeconds: longer than the node was not heard → its machines are handed out, and the sweep leaves it", async () => {
  await using t = await testDb();
  await (await makeWorld(t.db, { targetSize: 2 })).workOff();
  await heardAgo(t, 200);
  expect((await listNodes(t.db, NODE))[0]).toMatchObject({ state: "silent", silenceSeconds: 90 });
  expect(await setNode(t.db, { name: NODE, silenceSeconds: 300 }, ADMIN)).toMatchObject({
    state: "online",
    silenceSeconds: 300,
  });
  expect(await silence(t.db)).toMatchObject({ silent: 0 });
  const { assignment } = await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  expect(assignment.state).toBe("setting_up");
  expect(await setNode(t.db, { name: NODE, silenceSeconds: null }, ADMIN)).toMatchObject({ state: "silent" });
});

test("silenceSeconds: shorter than the node was not heard → it is silent at once, and the sweep says so", async () => {
  await using t = await testDb();
  await (await makeWorld(t.db, { targetSize: 2 })).workOff();
  await heardAgo(t, 60);
  expect((await listNodes(t.db, NODE))[0]).toMatchObject({ state: "online" });
  await setNode(t.db, { name: NODE, silenceSeconds: 30 }, ADMIN);
  expect((await listNodes(t.db, NODE))[0]).toMatchObject({ state: "silent" });
  const { assignment } = await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  expect(assignment.state).toBe("waiting");
  await silence(t.db);
  expect(await rows(t.db, sql`select state from nodes`)).toEqual([{ state: "silent" }]);
});

test("a node that is removed and enrolled again → its settings are the defaults", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  await reportInventory(t.db, NODE, { ...INVENTORY, concurrency: 3 });
  await setNode(t.db, { name: NODE, concurrency: 5, silenceSeconds: 300 }, ADMIN);
  await removeNode(t.db, { name: NODE, lost: false }, ADMIN);
  const { node } = await enroll(t.db, NODE, ADMIN);
  expect(node).toMatchObject({ concurrency: 2, silenceSeconds: 90 });
});

test("what is set is on record with who set it, and only if something changes", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  await setConcurrency(t, 5);
  await setConcurrency(t, 5);
  expect(
    await rows(t.db, sql`select actor, node, data from events where kind = 'node' and reason = 'node_set'`),
  ).toEqual([
    {
      actor: ADMIN,
      node: NODE,
      data: {
        before: { concurrency: 2, silenceSeconds: 90 },
        after: { concurrency: 5, silenceSeconds: 90 },
      },
    },
  ]);
});

test("a node that is not there → NOT_FOUND", async () => {
  await using t = await testDb();
  await expect(setNode(t.db, { name: "nope", concurrency: 2 }, ADMIN)).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
});

test.each([
  ["nothing", {}],
  ["no create at a time", { concurrency: 0 }],
  ["half a create", { concurrency: 1.5 }],
  ["more creates than a node could do", { concurrency: 101 }],
  ["less silence than a relay's pauses", { silenceSeconds: 29 }],
  ["more silence than a day", { silenceSeconds: 86_401 }],
  ["what there is not", { concurrencies: 2 }],
])("%s → refused", (_, given) => {
  expect(setNodeInput.safeParse({ name: NODE, ...given }).success).toBe(false);
});
