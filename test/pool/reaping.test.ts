import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../src/contract/pool.ts";
import { rows } from "../../src/db/client.ts";
import { assign } from "../../src/pool/assign.ts";
import { forgetMachine, recreateMachine } from "../../src/pool/machineActions.ts";
import { getMachine, listMachines } from "../../src/pool/machineView.ts";
import { reapOrphans } from "../../src/pool/nodeActions.ts";
import { listNodes } from "../../src/pool/nodes.ts";
import { listPools, putPool } from "../../src/pool/pools.ts";
import { queueProbes } from "../../src/pool/probeQueue.ts";
import { findTester, release } from "../../src/pool/release.ts";
import { SETTINGS } from "../../src/pool/settings.ts";
import { machineTimeline } from "../../src/pool/timeline.ts";
import { type TestDb, testDb } from "../helpers/db.ts";
import {
  ADMIN,
  APP,
  countStates,
  DELETED,
  KEY_A,
  makeWorld,
  NODE,
  specOf,
  type StandInRelay,
} from "../helpers/world.ts";

/** A probe whose complete listing shows these as well. */
async function listing(t: TestDb, relay: StandInRelay, ...strays: string[]): Promise<void> {
  await queueProbes(t.db);
  await relay.answerProbe([], [], strays);
}

/** As if a sweep had passed since what the node shows was seen first. */
async function aSweepLater({ db }: TestDb): Promise<void> {
  await db.execute(sql`update nodes set orphans = coalesce((
    select jsonb_object_agg(key, value || jsonb_build_object('since', (value ->> 'since')::timestamptz
      - make_interval(secs => ${SETTINGS.orphanSightingSeconds}))) from jsonb_each(orphans)), '{}')`);
}

async function seenTwice(t: TestDb, relay: StandInRelay, ...strays: string[]): Promise<void> {
  await listing(t, relay, ...strays);
  await aSweepLater(t);
  await listing(t, relay, ...strays);
}

const leaving = async ({ db }: TestDb) => (await listMachines(db, { state: "deleting", limit: 50 })).items;
const node = async ({ db }: TestDb) => (await listNodes(db, NODE))[0];
const reasons = async ({ db }: TestDb) =>
  (
    await rows<{ reason: string }>(db, sql`select reason from events where reason like 'orphan%' order by id`)
  ).map(({ reason }) => reason);

test("R9 an orphan is adopted after two sightings a sweep apart, and its delete is proven like any other", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await listing(t, relay, "demo-900-abcd");
  await listing(t, relay, "demo-900-abcd");
  expect(await leaving(t)).toEqual([]);
  expect((await node(t))?.orphans).toEqual([
    { name: "demo-900-abcd", since: expect.any(String) as string, confirmedBy: null },
  ]);

  await aSweepLater(t);
  await listing(t, relay, "demo-900-abcd");
  const [adopted] = await leaving(t);
  expect(adopted).toMatchObject({
    name: "demo-900-abcd",
    pool: null,
    node: NODE,
    state: "deleting",
    adoptedAt: expect.any(String) as string,
    operation: { kind: "delete" },
  });
  expect((await node(t))?.orphans).toEqual([]);
  const [operation] = await relay.lease();
  expect(operation).toMatchObject({ kind: "delete", machine: { name: "demo-900-abcd", id: adopted?.id } });
  if (operation === undefined) throw new Error("no delete was leased");
  await relay.finish(operation, DELETED);
  expect(await getMachine(t.db, "demo-900-abcd")).toMatchObject({
    state: "deleted",
    receipt: { kind: "listed" },
  });
  expect(await countStates(t.db)).toEqual({ ready: 1 });
  expect(await reasons(t)).toEqual(["orphan_seen", "orphan"]);
  const { items } = await machineTimeline(t.db, { id: adopted?.id ?? "", limit: 50 });
  expect(items.map(({ to, reason }) => [to, reason])).toEqual([
    ["deleting", "orphan"],
    ["deleted", "proven_gone"],
  ]);
});

test("R9 one that the next listing does not show begins anew; a truncated listing neither counts nor ends it", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await listing(t, relay, "stray");
  await aSweepLater(t);
  const before = await node(t);
  await queueProbes(t.db);
  const [probe] = await relay.lease();
  if (probe?.kind !== "probe") throw new Error("no probe was leased");
  await relay.finish(probe, {
    outcome: "probed",
    listing: { complete: false, startedAt: new Date().toISOString(), names: ["stray", "other"] },
    answers: probe.machines.map(({ id }) => ({ id, answer: "alive", cause: null })),
  });
  expect((await node(t))?.orphans).toEqual(before?.orphans);
  expect(await leaving(t)).toEqual([]);

  await listing(t, relay);
  expect((await node(t))?.orphans).toEqual([]);
  await listing(t, relay, "stray");
  expect(await leaving(t)).toEqual([]);
});

test("R9 a machine whose row ended while the listing was under way is no orphan", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  const [machine] = (await listMachines(t.db, { limit: 1 })).items;
  if (machine === undefined) throw new Error("expected a machine");
  await queueProbes(t.db);
  const [probe] = await relay.lease();
  if (probe?.kind !== "probe") throw new Error("no probe was leased");
  await recreateMachine(t.db, machine.id, ADMIN);
  await relay.workOff();
  await relay.finish(probe, {
    outcome: "probed",
    listing: { complete: true, startedAt: new Date().toISOString(), names: [machine.name] },
    answers: [],
  });
  expect(await getMachine(t.db, machine.id)).toMatchObject({ state: "deleted" });
  expect((await node(t))?.orphans).toEqual([]);
});

test("R9 a machine that is being made, held, assigned or torn down is no orphan, nor is one of another node's row", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 5 });
  await relay.workOff();
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  const { items } = await listMachines(t.db, { limit: 50 });
  await recreateMachine(t.db, items.find(({ state }) => state === "ready")?.id ?? "", ADMIN);
  await t.db.execute(sql`insert into nodes (name) values ('n2')`);
  await t.db.execute(sql`update machines set node = 'n2' where id = ${items[0]?.id}`);
  const all = (await listMachines(t.db, { limit: 50 })).items.map(({ name }) => name);
  await seenTwice(t, relay, ...all);
  expect((await node(t))?.orphans).toEqual([]);
  expect(await reasons(t)).toEqual([]);
});

test("pools with machines on the node say that orphans of it are held, others do not", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await putPool(t.db, poolSpec.parse(specOf({ name: "elsewhere" })), ADMIN);
  await listing(t, relay, "a", "b", "c");
  const degraded = async () =>
    (await listPools(t.db)).map(
      ({ conditions }) => conditions.find(({ type }) => type === "Degraded")?.reason,
    );
  expect(await degraded()).toEqual(["OrphansHeld", "Fine"]);
  await reapOrphans(t.db, { name: NODE }, ADMIN);
  expect(await degraded()).toEqual(["Fine", "Fine"]);
});

test("R9 several at once: nothing goes until a person says so, and then what they named, seen twice", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  const strays = ["a", "b", "c"];
  await seenTwice(t, relay, ...strays);
  expect(await leaving(t)).toEqual([]);
  expect((await node(t))?.orphanBrake).toMatchObject({ reason: "several", count: 3 });
  await seenTwice(t, relay, ...strays);
  expect(await leaving(t)).toEqual([]);

  await expect(reapOrphans(t.db, { name: NODE, machines: ["a", "z"] }, ADMIN)).rejects.toMatchObject({
    code: "CONFLICT",
    message: `node ${NODE} shows no orphan named z`,
  });
  const some = await reapOrphans(t.db, { name: NODE, machines: ["b"] }, ADMIN);
  expect(some.orphanBrake).toMatchObject({ reason: "several" });
  await relay.answerProbe([], [], strays);
  expect((await leaving(t)).map(({ name }) => name)).toEqual(["b"]);

  await reapOrphans(t.db, { name: NODE, note: "a test left them" }, ADMIN);
  await relay.answerProbe([], [], strays);
  expect((await leaving(t)).map(({ name }) => name).toSorted()).toEqual(strays);
  await relay.workOff();
  await listing(t, relay);
  expect(await node(t)).toMatchObject({ orphans: [], orphanBrake: null });
  await expect(reapOrphans(t.db, { name: NODE }, ADMIN)).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await reasons(t)).toEqual([
    "orphan_seen",
    "orphans_held",
    "orphans_confirmed",
    "orphan",
    "orphans_confirmed",
    "orphan",
    "orphan",
  ]);
});

test("R3 a forgotten machine that is seen again is counted, adopted, and its tester's access ends when it is proven gone", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  await relay.workOff();
  await release(t.db, { username: "alice" }, APP);
  const name = assignment.machine?.name ?? "";
  const forgotten = await forgetMachine(t.db, name, "its disk is busy for ever", ADMIN);
  await relay.workOff();
  expect(await countStates(t.db)).toEqual({ ready: 1 });
  expect(await findTester(t.db, { username: "alice" })).toMatchObject({ accessEndedAt: null });

  await seenTwice(t, relay, name);
  const adopted = await getMachine(t.db, name);
  expect(adopted).toMatchObject({ state: "deleting", pool: null });
  expect(adopted.id).not.toBe(forgotten.id);
  // It is no pool's: the pool's own machine stays, and its maxSize is not exceeded.
  expect(await countStates(t.db)).toEqual({ ready: 1, deleting: 1 });
  const [told] = await rows<{ data: unknown }>(t.db, sql`select data from events where reason = 'orphan'`);
  expect(told?.data).toMatchObject({ formerly: forgotten.id });
  const shapes = await rows(t.db, sql`select distinct shape from machines where name = ${name}`);
  expect(shapes).toHaveLength(1);
  await relay.workOff();
  expect(await findTester(t.db, { username: "alice" })).toMatchObject({
    accessEndedAt: expect.any(String) as string,
  });
});

test("one that was adopted and forgotten is shown, and goes only when a person says so", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  await seenTwice(t, relay, "stray");
  await forgetMachine(t.db, "stray", "it is mine", ADMIN);
  await seenTwice(t, relay, "stray");
  expect(await leaving(t)).toEqual([]);
  expect((await node(t))?.orphans).toMatchObject([{ name: "stray" }]);
  await reapOrphans(t.db, { name: NODE }, ADMIN);
  await relay.answerProbe([], [], ["stray"]);
  expect(await leaving(t)).toMatchObject([{ name: "stray" }]);
});

test("nothing of a braked node is torn down, orphans neither", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3 });
  await relay.workOff();
  const names = (await listMachines(t.db, { limit: 50 })).items.map(({ name }) => name);
  await listing(t, relay, "stray");
  await aSweepLater(t);
  await queueProbes(t.db);
  await relay.answerProbe(names, [], ["stray"]);
  expect(await node(t)).toMatchObject({ brake: { dead: 3 }, orphans: [{ name: "stray" }] });
});

test("while a node shows no orphan a probe writes nothing about them", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  const events = () => rows(t.db, sql`select count(*)::int as count from events`);
  const before = await events();
  await listing(t, relay);
  expect(await events()).toEqual(before);
});
