import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec, type PoolSpecInput } from "../../../src/contract/pool.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { importStatus } from "../../../src/domain/imports/status.ts";
import { putPool } from "../../../src/domain/pools/pools.ts";
import { testDb } from "../../helpers/db.ts";
import { assign, releaseAssignment } from "../../helpers/leftToSweep.ts";
import { ADMIN, APP, countStates, makeWorld, NODE, specOf } from "../../helpers/world.ts";
import { RECORD, start } from "./records.ts";

/** What keeps a record from being imported, and what its advice leads to. */

test("a pool with maxSize 2: three records → the third is refused, also while the others are looked at", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { maxSize: 2 });
  const three = ["anna", "bob", "carol"].map((username, n) => ({
    ...RECORD,
    ...{ username, machine: `vm-${username}`, host: `192.0.2.${n}` },
  }));
  const asked = await start(t.db, three);
  expect(asked.map(({ state }) => state)).toEqual(["checking", "checking", "refused"]);
  expect(asked[2]?.problem?.fix).toContain("maxSize of 3 or more");
  const [third] = await start(t.db, three.slice(2));
  expect(third).toMatchObject({ state: "checking" });
  await relay.workOff();
  const ids = [...asked.slice(0, 2), third].map((outcome) => outcome?.id ?? "");
  const ended = (await importStatus(t.db, ids)).map(({ state }) => state);
  expect(ended.toSorted()).toEqual(["imported", "imported", "refused"]);
  expect(await countStates(t.db)).toEqual({ assigned: 2 });
});

test("params: what the recipe does not take is refused, and nobody looks at the machine", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  expect(await start(t.db, [{ ...RECORD, params: { nothing: "such" } }])).toMatchObject([
    { state: "refused", problem: { why: expect.stringContaining("params.nothing") as string } },
  ]);
  expect(await relay.lease()).toEqual([]);
});

test("a pool, and a node, that are not there: refused", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  expect(await start(t.db, [{ ...RECORD, pool: "nope" }])).toMatchObject([
    { state: "refused", problem: { why: "there is no pool named nope" } },
  ]);
  expect(await start(t.db, [{ ...RECORD, node: "n9" }])).toMatchObject([
    { state: "refused", problem: { why: "there is no node n9" } },
  ]);
  await t.db.execute(sql`insert into nodes (name) values ('n2')`);
  expect(await start(t.db)).toMatchObject([
    { state: "refused", problem: { why: "there are several nodes, and the record names none" } },
  ]);
});

test("expiresAt: the assignment ends then; without it the pool's time to live counts", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { assignmentTtlSeconds: 3600 });
  const soon = new Date(Date.now() + 7200_000).toISOString();
  await start(t.db, [{ ...RECORD, expiresAt: soon }]);
  await start(t.db, [{ ...RECORD, username: "bob", machine: "vm-bob", host: "192.0.2.8" }]);
  await relay.workOff();
  const ends = async (username: string) =>
    Math.round((Date.parse((await findTester(t.db, { username })).expiresAt ?? "") - Date.now()) / 60_000);
  expect(await ends("anna")).toBe(120);
  expect(await ends("bob")).toBe(60);
});

test("what the refusals of the edge advise, followed one after the other: imported in the end", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { maxSize: 1 });
  const put = (spec: Partial<PoolSpecInput>) => putPool(t.db, poolSpec.parse(specOf(spec)), ADMIN);
  const fixOf = async (record: object) => {
    const [outcome] = await start(t.db, [{ ...RECORD, ...record }]);
    return outcome?.problem?.fix ?? outcome?.state;
  };
  await t.db.execute(sql`insert into nodes (name) values ('n2')`);
  const bob = await assign(t.connection, { username: "bob", sshKeys: [] }, APP);
  await start(t.db, [{ ...RECORD, username: "eve", machine: "vm-eve", host: "192.0.2.99", node: NODE }]);
  await relay.workOff();
  const record = { username: "bob", machine: "vm-eve", host: "192.0.2.99", user: "ubuntu", pool: "late" };
  const past = { expiresAt: "2020-01-01T00:00:00Z", params: { nothing: "such" } };
  expect(await fixOf({ ...record, ...past })).toMatch(/^Put the pool before the import/);
  expect(await fixOf({ ...record, ...past, pool: "demo" })).toMatch(/^Give the record its node/);
  const placed = { ...record, ...past, pool: "demo", node: NODE };
  expect(await fixOf(placed)).toMatch(/^Release them first/);
  await releaseAssignment(t.db, bob.assignment.id, APP);
  expect(await fixOf(placed)).toMatch(/^Correct the username or the machine/);
  const machine = { machine: "vm-bob" };
  expect(await fixOf({ ...placed, ...machine, node: "n9" })).toMatch(
    /^Add it with .*n9`, or correct the node/,
  );
  expect(await fixOf({ ...placed, ...machine, node: "n2" })).toMatch(/^Start its relay/);
  expect(await fixOf({ ...placed, ...machine })).toMatch(/^Correct the host and the port/);
  const there = { ...placed, ...machine, host: "192.0.2.8" };
  expect(await fixOf(there)).toMatch(/^Make an account bob .* leave the user out/);
  expect(await fixOf({ ...there, user: "bob" })).toMatch(/^Give it a later end/);
  const later = { ...there, user: "bob", expiresAt: "2090-01-01T00:00:00Z" };
  expect(await fixOf(later)).toMatch(/^Put the pool with a maxSize of 2 or more/);
  await put({ maxSize: 2 });
  expect(await fixOf(later)).toMatch(/^Give the record the params/);
  expect(await fixOf({ ...later, params: { greeting: "hi" } })).toBe("checking");
  await relay.workOff();
  expect(await findTester(t.db, { username: "bob" })).toMatchObject({ state: "active" });
});
