import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { rows } from "../../../src/db/client.ts";
import { assign } from "../../../src/domain/assignments/assign.ts";
import { findTester, release } from "../../../src/domain/assignments/release.ts";
import { follow } from "../../../src/domain/follow/follow.ts";
import { undoImports } from "../../../src/domain/machines/undoImport.ts";
import { getMachine } from "../../../src/domain/machines/view.ts";
import { everything } from "../../api/everything.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, APP, DELETED, doHappily, makeWorld } from "../../helpers/world.ts";
import { MACHINE, start } from "./records.ts";

/** How imported machines go: by a release on proof, by an undoing not at all. */

test("release of an imported tester: their machine goes, on proof, like any other", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  await start(t.db);
  await relay.workOff();
  await release(t.db, { username: "anna" }, APP, follow);
  const deletion = await relay.take("delete");
  expect(deletion.machine).toMatchObject({ name: MACHINE, driverRef: MACHINE });
  await relay.finish(deletion, DELETED);
  expect(await getMachine(t.db, MACHINE)).toMatchObject({ state: "deleted", receipt: { kind: "listed" } });
});

test("an import that is undone: released and forgotten, never deleted, unmarked, and can be imported again", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  await start(t.db);
  await relay.workOff();
  const anna = [{ username: "anna", machine: MACHINE }];
  const before = await everything(t.db);
  expect(await undoImports(t.db, anna, true, ADMIN)).toMatchObject([{ state: "undoable" }]);
  expect(await everything(t.db)).toEqual(before);
  expect(await undoImports(t.db, anna, false, ADMIN)).toMatchObject([{ state: "undone" }]);
  expect(await findTester(t.db, { username: "anna" })).toMatchObject({
    state: "released",
    accessEndedAt: null,
  });
  expect(await getMachine(t.db, MACHINE)).toMatchObject({ state: "deleted", receipt: { kind: "forgotten" } });
  expect(await start(t.db)).toMatchObject([{ state: "refused" }]);
  const leased = await relay.lease();
  expect(leased.map(({ kind }) => kind)).toEqual(["unmark"]);
  for (const operation of leased) await doHappily(relay, operation);
  expect(await undoImports(t.db, anna, false, ADMIN)).toMatchObject([{ state: "unchanged" }]);
  await start(t.db);
  await relay.workOff();
  expect(await findTester(t.db, { username: "anna" })).toMatchObject({ state: "active" });
});

test("undo: a machine that Warmpool made is refused, and its tester keeps it", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await assign(t.connection, { username: "anna", sshKeys: [] }, APP, follow);
  await relay.workOff();
  const { machine } = await findTester(t.db, { username: "anna" });
  expect(
    await undoImports(t.db, [{ username: "anna", machine: machine?.name ?? "" }], false, ADMIN),
  ).toMatchObject([
    { state: "refused", problem: { why: expect.stringContaining("was created by Warmpool") as string } },
  ]);
  expect(await findTester(t.db, { username: "anna" })).toMatchObject({ state: "active" });
  const nowhere = { username: "anna", machine: machine?.name ?? "", pool: "nope" };
  expect(await undoImports(t.db, [nowhere], false, ADMIN)).toMatchObject([
    { state: "refused", problem: { fix: "Correct the pool of this record." } },
  ]);
});

test("a mark that cannot be taken off: tried again for a while, then given up with its cause", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  await start(t.db);
  await relay.workOff();
  await undoImports(t.db, [{ username: "anna", machine: MACHINE }], false, ADMIN);
  for (let attempt = 1; attempt <= 20; attempt += 1) {
    await t.db.execute(sql`update operations set not_before = now() where kind = 'unmark'`);
    await relay.finish(await relay.take("unmark"), { outcome: "unmark_failed", message: "busy" });
  }
  expect(await rows(t.db, sql`select state, error from operations where kind = 'unmark'`)).toEqual([
    { state: "failed", error: "busy" },
  ]);
});
