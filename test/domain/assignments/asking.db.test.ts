import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { setDefaultPool } from "../../../src/domain/pools/defaultPool.ts";
import { getPool, putPool } from "../../../src/domain/pools/pools.ts";
import { putRecipe } from "../../../src/domain/recipes/recipes.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, APP, KEY_A, KEY_B, makeWorld, RECIPE } from "../../helpers/world.ts";

/** What is asked for: again, otherwise, or wrongly. */
const ask = (username: string, more: object = {}) => ({ username, sshKeys: [KEY_A], ...more });

test("other params on a repeat are CONFLICT; other keys are put on the machine by another run", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, ask("alice", { params: { greeting: "hi" } }), APP);
  await expect(assign(t.connection, ask("alice", { params: { greeting: "ho" } }), APP)).rejects.toMatchObject(
    {
      code: "CONFLICT",
    },
  );
  await relay.workOff();

  await assign(t.connection, { username: "alice", sshKeys: [KEY_B] }, APP);
  const [rerun] = await relay.lease();
  expect(rerun).toMatchObject({ kind: "setup", assignment: { sshKeys: [KEY_B] } });
});

test("a repeat gets its assignment whatever the recipe has become, and params that it leaves out are no others", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const asked = ask("alice", { params: { greeting: "hi" } });
  const { assignment } = await assign(t.connection, asked, APP);
  await putRecipe(t.db, { ...RECIPE, params: { license: { required: true } } }, ADMIN);
  for (const again of [asked, ask("alice"), ask("alice", { params: {} })]) {
    expect(await assign(t.connection, again, APP)).toMatchObject({
      created: false,
      assignment: { id: assignment.id },
    });
  }
  const other = ask("alice", { params: { license: "x" } });
  await expect(assign(t.connection, other, APP)).rejects.toMatchObject({ code: "CONFLICT" });
  await expect(assign(t.connection, ask("bob"), APP)).rejects.toMatchObject({ code: "BAD_REQUEST" });
});

test("who names no pool is told in which one the tester has a machine, where it is not the default", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 0, maxSize: 1 });
  await assign(t.connection, ask("alice", { pool: "demo" }), APP);
  const { spec } = await getPool(t.db, "demo");
  await putPool(t.db, { ...spec, name: "two" }, ADMIN);
  await setDefaultPool(t.db, "two", ADMIN);
  await expect(findTester(t.db, { username: "alice" })).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: "alice never had a machine of pool two, the default, but has one of demo; give the pool",
  });
  const unknown = { code: "NOT_FOUND", message: "bob never had a machine of pool two" };
  await expect(findTester(t.db, { username: "bob" })).rejects.toMatchObject(unknown);
  const named = { code: "NOT_FOUND", message: "alice never had a machine of pool two" };
  await expect(findTester(t.db, { username: "alice", pool: "two" })).rejects.toMatchObject(named);
});

test("unknown pool, unknown parameter and a value that does not fit change nothing", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  await expect(assign(t.connection, ask("a", { pool: "nope" }), APP)).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
  await expect(assign(t.connection, ask("a", { params: { wrong: "x" } }), APP)).rejects.toThrow(
    /params\.wrong/,
  );
  await expect(assign(t.connection, ask("a", { params: { greeting: "UPPER" } }), APP)).rejects.toThrow(
    /params\.greeting/,
  );
  expect(await rows(t.db, sql`select 1 from assignments`)).toEqual([]);
});
