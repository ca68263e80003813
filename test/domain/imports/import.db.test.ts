import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { rows } from "../../../src/db/client.ts";
import { assign } from "../../../src/domain/assignments/assign.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { follow } from "../../../src/domain/follow/follow.ts";
import { importStatus } from "../../../src/domain/imports/status.ts";
import { getMachine } from "../../../src/domain/machines/view.ts";
import { everything } from "../../api/everything.ts";
import { testDb } from "../../helpers/db.ts";
import {
  ADMIN,
  APP,
  countStates,
  doHappily,
  HOST_KEY,
  importedOf,
  KEY_A,
  KEY_B,
  makeWorld,
  NODE,
} from "../../helpers/world.ts";
import { MACHINE, RECORD, start } from "./records.ts";

/** Testers who come with a machine: from the record to the row. */

const idOf = ([outcome]: { id: string | null }[]) => outcome?.id ?? "";

test("an import: the relay finds the machine → it is assigned, its tester is active, and both say so", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  const [asked] = await start(t.db);
  expect(asked).toMatchObject({ state: "checking", problem: null });
  expect(await countStates(t.db)).toEqual({});
  const operation = await relay.take("import");
  const place = { host: "192.0.2.7", port: 22 };
  expect(operation).toMatchObject({
    machine: { name: MACHINE },
    dial: { ssh: place, access: place },
    username: "anna",
    plan: false,
  });
  await relay.finish(operation, importedOf(operation.machine));
  expect(await importStatus(t.db, [asked?.id ?? ""])).toEqual([
    {
      id: asked?.id,
      state: "imported",
      problem: null,
      found: { access: place, fingerprint: HOST_KEY.fingerprint },
      expiresAt: null,
    },
  ]);
  expect(await findTester(t.db, { username: "anna" })).toMatchObject({
    ...{ state: "active", externalId: "17", outputs: RECORD.outputs, keysPending: false, error: null },
    machine: { name: MACHINE, ...place, user: "anna", hostKey: HOST_KEY },
  });
  expect(await getMachine(t.db, MACHINE)).toMatchObject({
    ...{ state: "assigned", pool: "demo", node: NODE, adoptedAt: null, driverRef: MACHINE, stale: true },
    ...{ importedAt: expect.any(String) as string, assignment: { username: "anna" } },
  });
  const told = await rows(
    t.db,
    sql`select kind, actor, after from events where reason = 'imported' order by kind`,
  );
  expect(told).toEqual([
    { kind: "assignment", actor: ADMIN, after: "active" },
    { kind: "machine", actor: ADMIN, after: "assigned" },
  ]);
});

test("an imported tester: the main app assigns them again → theirs, and nothing is made or run", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  await start(t.db);
  await relay.workOff();
  const again = await assign(
    t.connection,
    { username: "anna", sshKeys: [KEY_A], params: RECORD.params },
    APP,
    follow,
  );
  expect(again).toMatchObject({
    created: false,
    assignment: { state: "active", machine: { name: MACHINE } },
  });
  expect(await relay.lease()).toEqual([]);
  await expect(
    assign(t.connection, { username: "anna", sshKeys: [KEY_A], params: { greeting: "ho" } }, APP, follow),
  ).rejects.toMatchObject({ code: "CONFLICT" });
  const other = await assign(t.connection, { username: "anna", sshKeys: [KEY_B] }, APP, follow);
  expect(other.assignment.keysPending).toBe(true);
  expect(await relay.take("setup")).toMatchObject({
    machine: { name: MACHINE },
    assignment: { sshKeys: [KEY_B], recipe: { steps: [] } },
  });
});

test("an import that is repeated: nothing more → unchanged, and not a row is another", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  await start(t.db);
  await relay.workOff();
  const before = await everything(t.db);
  expect(await start(t.db)).toMatchObject([{ state: "unchanged", id: null }]);
  expect(await start(t.db, [RECORD], true)).toMatchObject([{ state: "unchanged", id: null }]);
  expect(await everything(t.db)).toEqual(before);
});

test("an import that is under way: asked for again → the same one", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  const first = await start(t.db);
  expect(await start(t.db)).toEqual(first);
  expect(await start(t.db, [{ ...RECORD, username: "bob" }])).toMatchObject([
    { state: "refused", problem: { why: expect.stringContaining(`busy with ${MACHINE}`) as string } },
  ]);
  await relay.workOff();
  expect(await importStatus(t.db, [idOf(first)])).toMatchObject([{ state: "imported" }]);
  expect(await countStates(t.db)).toEqual({ assigned: 1 });
});

test("a plan: the relay finds the machine → possible, and there is no machine and no tester", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  const asked = await start(t.db, [RECORD], true);
  const operation = await relay.take("import");
  expect(operation.plan).toBe(true);
  await relay.finish(operation, importedOf(operation.machine));
  expect(await importStatus(t.db, [idOf(asked)])).toMatchObject([{ state: "possible" }]);
  expect(await relay.lease()).toEqual([]);
  for (const table of ["machines", "assignments", "testers"])
    expect(await rows(t.db, sql`select 1 from ${sql.identifier(table)}`), table).toEqual([]);
});

test("a machine that cannot be reached: refused with why and what to do, and the others are imported", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  const bob = { ...RECORD, username: "bob", machine: "vm-bob", host: "192.0.2.8" };
  const asked = await start(t.db, [RECORD, bob]);
  for (const operation of await relay.lease()) {
    if (operation.kind === "import" && operation.machine.name === "vm-bob")
      await relay.finish(operation, { outcome: "import_refused", message: "refused", fix: "Start it." });
    else await doHappily(relay, operation);
  }
  expect(
    await importStatus(
      t.db,
      asked.map(({ id }) => id ?? ""),
    ),
  ).toMatchObject([
    { state: "imported" },
    { state: "refused", problem: { why: "refused", fix: "Start it." } },
  ]);
  expect(await countStates(t.db)).toEqual({ assigned: 1 });
  await expect(findTester(t.db, { username: "bob" })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a tester who gets a machine meanwhile: refused, and the mark goes off the old machine again", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  const asked = await start(t.db);
  const operation = await relay.take("import");
  await assign(t.connection, { username: "anna", sshKeys: [] }, APP, follow);
  await relay.finish(operation, importedOf(operation.machine));
  expect(await importStatus(t.db, [idOf(asked)])).toMatchObject([
    { state: "refused", problem: { why: "anna is waiting in pool demo already" } },
  ]);
  expect(await relay.take("unmark")).toMatchObject({ machine: { name: MACHINE } });
  expect(await rows(t.db, sql`select 1 from machines where name = ${MACHINE}`)).toEqual([]);
});

test("a plan that comes to nothing: no mark is taken off that was never put on", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  await start(t.db, [RECORD], true);
  const operation = await relay.take("import");
  await assign(t.connection, { username: "anna", sshKeys: [] }, APP, follow);
  await relay.finish(operation, importedOf(operation.machine));
  expect((await relay.lease()).filter(({ kind }) => kind === "unmark")).toEqual([]);
});

test("secrets of a record: gone from its operation when the import has ended", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  await start(t.db);
  expect(
    await rows(
      t.db,
      sql`select record -> 'sealed' ->> 'id' is null as gone from operations where kind = 'import'`,
    ),
  ).toEqual([{ gone: false }]);
  await relay.workOff();
  expect(
    await rows(t.db, sql`select record -> 'sealed' as sealed from operations where kind = 'import'`),
  ).toEqual([{ sealed: null }]);
});
