import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import type { Listing } from "../../../src/contract/listing.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign, release } from "../../helpers/leftToSweep.ts";
import { forgetMachine } from "../../../src/domain/machines/actions.ts";
import { getMachine, listMachines } from "../../../src/domain/machines/view.ts";
import { reapOrphans } from "../../../src/domain/nodes/actions.ts";
import { getPool } from "../../../src/domain/pools/pools.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { passTime } from "../../helpers/passTime.ts";
import { testDb, type TestDb } from "../../helpers/db.ts";
import { aSweepLater, givenOut, keepOrphans, leaving, node } from "../../helpers/orphans.ts";
import { ADMIN, APP, DELETED, KEY_A, makeWorld, NODE, type StandInRelay } from "../../helpers/world.ts";

/** What people do to machines behind Warmpool's back, and what becomes of machines that no row knows. */

/** A probe that lists what stands, changed as the test says; everything that is listed answers. */
async function lists(t: TestDb, relay: StandInRelay, change: Partial<Listing> & { absent?: string[] }) {
  await queueProbes(t.db);
  const [probe] = await relay.lease({ setups: 0, others: 0 });
  if (probe?.kind !== "probe") throw new Error("no probe was queued");
  const { absent = [], names: strays = [], ...more } = change;
  const standing = (await listMachines(t.db, { node: NODE, limit: 50 })).items
    .filter(({ adoptedAt }) => adoptedAt === null)
    .map(({ name }) => name);
  const names = [...standing.filter((name) => !absent.includes(name)), ...strays];
  await relay.finish(probe, {
    outcome: "probed",
    listing: { complete: true, startedAt: new Date().toISOString(), names, ...more },
    answers: probe.machines.map(({ id, name }) =>
      absent.includes(name)
        ? { id, answer: "dead", cause: "not in the node's listing" }
        : { id, answer: "alive", cause: null },
    ),
  });
}

/** The same listing three times, a sweep apart. */
async function keepsListing(t: TestDb, relay: StandInRelay, change: Parameters<typeof lists>[2]) {
  for (let sweep = 0; sweep < 3; sweep += 1) {
    await lists(t, relay, change);
    await aSweepLater(t);
  }
}

const orphans = async (t: TestDb) => (await node(t))?.orphans;
const degraded = async (db: Db) =>
  (await getPool(db, "demo")).conditions.find(({ type }) => type === "Degraded");

async function withTester(t: TestDb) {
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 3 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, { username: "dave", sshKeys: [KEY_A] }, APP);
  await relay.workOff();
  return { relay, name: assignment.machine?.name ?? "" };
}

test("a tester's machine that a person renames: shown at once as a copy, and never torn down", async () => {
  await using t = await testDb();
  const { relay, name } = await withTester(t);
  const renamed = { absent: [name], copies: [{ name: "dave-saved", of: name }] };
  await lists(t, relay, renamed);
  expect(await orphans(t)).toMatchObject([{ name: "dave-saved", waits: "copy", of: name, username: "dave" }]);
  await keepsListing(t, relay, renamed);
  expect(await leaving(t)).toEqual([]);
  await expect(reapOrphans(t.db, { name: NODE, machines: ["dave-saved"] }, ADMIN)).rejects.toMatchObject({
    code: "CONFLICT",
  });
});

test("copies of machines, however many: shown, never torn down, and none of several", async () => {
  await using t = await testDb();
  const { relay, name } = await withTester(t);
  const copies = ["a", "b", "c", "d"].map((copy) => ({ name: copy, of: name }));
  await keepsListing(t, relay, { copies });
  expect(await leaving(t)).toEqual([]);
  expect(await node(t)).toMatchObject({ orphanBrake: null });
  expect(await degraded(t.db)).toMatchObject({ status: true, reason: "OrphansFound" });
});

test("a machine that had a tester and is back after its delete, as from a backup: waits for a person", async () => {
  await using t = await testDb();
  const { relay, name } = await withTester(t);
  await release(t.db, { username: "dave" }, APP);
  await relay.workOff();
  await passTime(t.db, 60);
  await keepsListing(t, relay, { names: [name] });
  expect(await orphans(t)).toMatchObject([{ name, waits: "had_tester", username: "dave" }]);
  expect(await leaving(t)).toEqual([]);
  await reapOrphans(t.db, { name: NODE, machines: [name] }, ADMIN);
  await lists(t, relay, { names: [name] });
  const [going] = await leaving(t);
  expect(going).toMatchObject({ name, keepUntil: null });
});

test.each<[string, string, (name: string) => Parameters<typeof lists>[2]]>([
  ["that appears while a machine of the node is missing", "vanished", (name) => ({ absent: [name] })],
  ["whose mark names no machine", "unmarked", () => ({ unmarked: ["given"] })],
])("an orphan %s: waits for a person", async (_, waits, change) => {
  await using t = await testDb();
  const { relay, name } = await withTester(t);
  await givenOut(t, "given");
  await keepsListing(t, relay, { ...change(name), names: ["given"] });
  expect(await orphans(t)).toMatchObject([{ name: "given", waits }]);
  expect(await leaving(t)).toEqual([]);
});

test("a machine with our mark and a name that was never given out: waits for a person", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  await keepsListing(t, relay, { names: ["demo-900-abcd"] });
  expect(await orphans(t)).toMatchObject([{ name: "demo-900-abcd", waits: "never_given" }]);
  expect(await leaving(t)).toEqual([]);
});

test("any other orphan: stopped first, kept for orphanKeepSeconds, and deleted only then", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 0 });
  await givenOut(t, "stray");
  await keepOrphans(t, 3600);
  await keepsListing(t, relay, { names: ["stray"] });
  const operation = await relay.take("delete");
  expect(operation).toMatchObject({ keep: true, machine: { name: "stray" } });
  await relay.finish(operation, { outcome: "kept" });
  expect((await relay.lease()).filter(({ kind }) => kind === "delete")).toEqual([]);
  expect(await getMachine(t.db, "stray")).toMatchObject({
    state: "deleting",
    keepUntil: expect.any(String) as string,
    operation: { error: null },
  });
  await passTime(t.db, 3601);
  await t.db.execute(sql`update nodes set last_seen_at = now()`);
  const last = await relay.take("delete");
  expect(last).not.toHaveProperty("keep");
  await relay.finish(last, DELETED);
  expect(await getMachine(t.db, "stray")).toMatchObject({ state: "deleted", receipt: { kind: "listed" } });
  const told = await rows(t.db, sql`select reason from events where reason like 'orphan%' order by id`);
  expect(told.map(({ reason }) => reason)).toEqual(["orphan_seen", "orphan", "orphan_kept"]);
});

test("a person who forgets an orphan while it is kept: it is not deleted any more", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 0 });
  await givenOut(t, "stray");
  await keepsListing(t, relay, { names: ["stray"] });
  await relay.finish(await relay.take("delete"), { outcome: "kept" });
  await forgetMachine(t.db, "stray", "it is mine", ADMIN);
  await passTime(t.db, 100_000);
  await t.db.execute(sql`update nodes set last_seen_at = now()`);
  await keepsListing(t, relay, { names: ["stray"] });
  expect(await leaving(t)).toEqual([]);
  expect(await orphans(t)).toMatchObject([{ name: "stray", waits: "given_up" }]);
});
