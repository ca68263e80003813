import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { rows } from "../../../src/db/client.ts";
import { assign, release } from "../../helpers/leftToSweep.ts";
import { forgetMachine, recreateMachine } from "../../../src/domain/machines/actions.ts";
import { getMachine, listMachines } from "../../../src/domain/machines/view.ts";
import { reapOrphans } from "../../../src/domain/nodes/actions.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { machineTimeline } from "../../../src/domain/machines/timeline.ts";
import { testDb } from "../../helpers/db.ts";
import { aSweepLater, leaving, listing, node, reasons, seenTwice } from "../../helpers/orphans.ts";
import { ADMIN, APP, countStates, DELETED, KEY_A, makeWorld, NODE } from "../../helpers/world.ts";

test("R9 an orphan is adopted after two sightings a sweep apart, and its delete is proven like any other", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await listing(t, relay, "demo-900-abcd");
  await listing(t, relay, "demo-900-abcd");
  expect(await leaving(t)).toEqual([]);
  expect((await node(t))?.orphans).toMatchObject([
    { name: "demo-900-abcd", since: expect.any(String) as string, confirmedBy: null, waits: null },
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
  const operation = await relay.take("delete");
  expect(operation).toMatchObject({ machine: { name: "demo-900-abcd", id: adopted?.id } });
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
  const probe = await relay.take("probe");
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
  const probe = await relay.take("probe");
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

  // It was a tester's: only a person may say that it goes.
  await seenTwice(t, relay, name);
  expect((await node(t))?.orphans).toMatchObject([{ name, waits: "had_tester", username: "alice" }]);
  await reapOrphans(t.db, { name: NODE, machines: [name] }, ADMIN);
  await listing(t, relay, name);
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

test("while a node shows no orphan a probe writes nothing about them", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  const events = () => rows(t.db, sql`select count(*)::int as count from events`);
  const before = await events();
  await listing(t, relay);
  expect(await events()).toEqual(before);
});
