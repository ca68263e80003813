import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import { rows } from "../../../src/db/client.ts";
import { assign, release } from "../../helpers/leftToSweep.ts";
import { putPool } from "../../../src/domain/pools/pools.ts";
import { renew } from "../../../src/domain/operations/progress.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { testDb } from "../../helpers/db.ts";
import {
  ADMIN,
  APP,
  createdOf,
  countStates,
  DELETED,
  doHappily,
  KEY_A,
  makeWorld,
  NODE,
  openRelay,
  setUpOf,
  HOST_KEY,
  specOf,
} from "../../helpers/world.ts";

const ALICE = { username: "alice", sshKeys: [KEY_A] };

test("R15 a node works on two creates and deletes at a time, however much it has room for", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 5 });
  const first = await relay.lease();
  expect(first.map((operation) => operation.kind)).toEqual(["create", "create"]);
  expect(await relay.lease()).toEqual([]);
  const [one] = first;
  if (one !== undefined) await doHappily(relay, one);
  expect(await relay.lease()).toHaveLength(1);
});

test("R15 creates and deletes share that limit: while one of each goes on, neither begins", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 6 });
  await relay.workOff();
  await assign(t.connection, ALICE, APP);
  await relay.workOff();
  await putPool(t.db, poolSpec.parse(specOf({ targetSize: 6, maxSize: 6 })), ADMIN);
  const [create] = await relay.lease({ setups: 0, others: 1 });
  await release(t.db, ALICE, APP);
  const [gone] = await relay.lease({ setups: 0, others: 1 });
  expect([create?.kind, gone?.kind]).toEqual(["create", "delete"]);
  const queued = await rows(
    t.db,
    sql`select kind from operations where state = 'queued' and kind = 'create'`,
  );
  expect(queued.length).toBeGreaterThan(0);
  expect(await relay.lease()).toEqual([]);
  if (gone !== undefined) await doHappily(relay, gone);
  expect((await relay.lease()).map(({ kind }) => kind)).toEqual(["create"]);
});

test("R5 a machine is made with the shape that was booked for it, whatever its pool has come to ask for", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  const shape = { vcpus: 2, memoryMib: 4096, diskGib: 40 };
  await putPool(t.db, poolSpec.parse(specOf({ targetSize: 1, maxSize: 1, shape })), ADMIN);
  const [create] = await relay.lease();
  expect(create).toMatchObject({ kind: "create", spec: { shape: specOf().shape } });
});

test("R15 a tester's set-up is leased although creates and deletes have the node full", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await t.db.execute(sql`update pools set spec = spec || '{"targetSize": 6}'`);
  const { replenish } = await import("../../../src/domain/supply/applyPlan.ts");
  await replenish(t.db, "demo", APP);
  expect(await relay.lease()).toHaveLength(2);
  await assign(t.connection, ALICE, APP);
  expect((await relay.lease()).map((operation) => operation.kind)).toEqual(["setup"]);
});

test("I4 a stale token changes nothing", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  const create = await relay.take("create");
  await t.db.execute(sql`update operations set lease_until = now() - interval '1 second'`);
  const [again] = await relay.lease();
  expect(again).toMatchObject({ id: create.id, attempt: 2 });
  expect(again?.token).toBeGreaterThan(create.token);

  await relay.pinHostKey(create);
  expect(await rows(t.db, sql`select host_key from machines`)).toEqual([{ host_key: null }]);
  await expect(relay.finish(create, createdOf(create.machine))).rejects.toMatchObject({ code: "LEASE_LOST" });
  expect(await countStates(t.db)).toEqual({ provisioning: 1 });

  if (again !== undefined) await doHappily(relay, again);
  expect(await countStates(t.db)).toEqual({ ready: 1 });
});

test("a newer session of the node takes over at once; the older one's results are stale", async () => {
  await using t = await testDb();
  const older = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  const [create] = await older.lease();
  const newer = await openRelay(t.db);
  await expect(older.lease()).rejects.toMatchObject({ code: "LEASE_LOST" });
  const retaken = (await newer.lease()).find((operation) => operation.kind === "create");
  expect(retaken).toMatchObject({ id: create?.id, attempt: 2 });
  if (create?.kind !== "create") throw new Error("expected a create");
  await expect(older.finish(create, createdOf(create.machine))).rejects.toMatchObject({ code: "LEASE_LOST" });
});

test("another node's relay changes nothing, though it knows session, operation and token", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  const create = await relay.take("create");
  const { id, token } = create;
  const progress = { kind: "create", phase: "booting", hostKey: HOST_KEY } as const;
  const { operations } = await renew(t.db, "n2", relay.session, [{ id, token, progress }]);
  expect(operations).toEqual([{ id, status: "lost" }]);
  expect(await rows(t.db, sql`select host_key from machines`)).toEqual([{ host_key: null }]);
});

test("a delete whose relay has seen the machine stop → the tester's access has ended, before the delete is proven", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  await relay.workOff();
  expect(await release(t.db, { username: "alice" }, APP)).toMatchObject({ accessEndedAt: null });
  const { id, token } = await relay.take("delete");
  await renew(t.db, NODE, relay.session, [{ id, token, progress: { kind: "delete", stopped: true } }]);
  expect(await findTester(t.db, { username: "alice" })).toMatchObject({
    accessEndedAt: expect.any(String) as string,
    state: "released",
  });
});

test("a result of another kind of operation is refused and changes nothing", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  const create = await relay.take("create");
  await expect(relay.finish(create, DELETED)).rejects.toMatchObject({ code: "BAD_REQUEST" });
  expect(await countStates(t.db)).toEqual({ provisioning: 1 });
});

test("I2 a machine has one live operation: the table refuses a second", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 1 });
  const second = t.db.execute(
    sql`insert into operations (kind, node, machine) select 'delete', node, id from machines`,
  );
  await expect(second.then(() => "written")).rejects.toThrow();
});

test("release during a set-up supersedes it: the delete follows, the late result is stale", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, ALICE, APP);
  const setup = await relay.take("setup");

  await release(t.db, { username: "alice" }, APP);

  await expect(relay.finish(setup, setUpOf("alice", [KEY_A]))).rejects.toMatchObject({ code: "LEASE_LOST" });
  expect((await relay.lease()).map((operation) => operation.kind)).toEqual(["delete"]);
  expect(await findTester(t.db, { username: "alice" })).toMatchObject({
    state: "released",
    accessEndedAt: null,
  });
});

test("a delete goes before creates that were queued earlier: it ends somebody's access", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 9 });
  await relay.workOff();
  await assign(t.connection, ALICE, APP);
  await relay.workOff();
  await t.db.execute(sql`update pools set spec = spec || '{"targetSize": 5}'`);
  const { replenish } = await import("../../../src/domain/supply/applyPlan.ts");
  await replenish(t.db, "demo", APP);
  await release(t.db, { username: "alice" }, APP);
  expect((await relay.lease()).map((operation) => operation.kind).toSorted()).toEqual(["create", "delete"]);
});

test("what is handed back is leased again", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  const create = await relay.take("create");
  await relay.finish(create, { outcome: "handed_back" });
  expect(await relay.lease()).toMatchObject([{ id: create.id, attempt: 2 }]);
});

test("R9 the database is an older copy → a lease still gets a higher fence than every one before", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  const create = await relay.take("create");
  await doHappily(relay, create);
  await t.db.execute(sql`select setval('fencing', 1)`);
  await assign(t.connection, ALICE, APP);
  expect((await relay.take("setup")).token).toBeGreaterThan(create.token);
});

test("R9 the clock goes back → fences still grow", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  const tomorrow = Date.now() + 86_400_000;
  await t.db.execute(sql`select setval('fencing', ${tomorrow})`);
  expect((await relay.take("create")).token).toBeGreaterThan(tomorrow);
});
