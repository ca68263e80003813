import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign, release } from "../../helpers/leftToSweep.ts";
import { leaseWork } from "../../../src/domain/operations/lease.ts";
import { payloads } from "../../../src/domain/operations/payload.ts";
import { putRecipe } from "../../../src/domain/recipes/recipes.ts";
import { NO_SECRET_KEYS, readSecretKeys } from "../../../src/domain/secrets/keys.ts";
import { failUnreadable } from "../../../src/domain/operations/unreadable.ts";
import { testDb, type TestDb } from "../../helpers/db.ts";
import { ADMIN, APP, openRelay, KEY_A, makeWorld, NODE, RECIPE } from "../../helpers/world.ts";

const KEYS = readSecretKeys(btoa("k".repeat(32)));
const ALICE = { username: "alice", sshKeys: [KEY_A], params: { license: "planted" } };
const FREE = { setups: 5, others: 0 };

/** A set-up with a secret that was leased, and what it needs is not read yet. */
async function leasedSetup(t: TestDb) {
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 2 });
  const params = { ...RECIPE.params, license: { secret: true, required: true } };
  await putRecipe(t.db, { ...RECIPE, params }, ADMIN);
  await relay.workOff();
  await assign(t.connection, ALICE, APP, KEYS);
  return leaseWork(t.db, NODE, relay.session, FREE);
}

const setups = (db: Db) =>
  rows<{ operation: string; error: string | null; assignment: string }>(
    db,
    sql`select o.state as operation, o.error, a.state as assignment
      from operations o join assignments a on a.id = o.assignment where o.kind = 'setup'`,
  );

test("a set-up whose secret cannot be read fails", async () => {
  await using t = await testDb();
  expect(await payloads(t.db, await leasedSetup(t), NO_SECRET_KEYS)).toEqual([]);
  expect(await setups(t.db)).toEqual([
    { operation: "failed", error: expect.stringContaining("license"), assignment: "failed" },
  ]);
});

test("a newer session of the relay that can read it is left alone", async () => {
  await using t = await testDb();
  const leased = await leasedSetup(t);
  const { session } = await openRelay(t.db);
  const again = await leaseWork(t.db, NODE, session, FREE);
  expect((await payloads(t.db, again, KEYS)).map(({ kind }) => kind)).toContain("setup");
  expect(await payloads(t.db, leased, NO_SECRET_KEYS)).toEqual([]);
  expect(await setups(t.db)).toEqual([{ operation: "leased", error: null, assignment: "setting_up" }]);
});

test("what its tester has ended meanwhile stays ended as it was", async () => {
  await using t = await testDb();
  const [lease] = await leasedSetup(t);
  if (lease === undefined) throw new Error("expected a set-up");
  await release(t.db, { username: "alice" }, APP);
  await failUnreadable(t.db, lease, "license");
  expect(await setups(t.db)).toEqual([{ operation: "cancelled", error: null, assignment: "released" }]);
});
