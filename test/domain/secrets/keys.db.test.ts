import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { recipe } from "../../../src/contract/recipe.ts";
import type { LeasedOperation } from "../../../src/contract/relay.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign, release } from "../../helpers/leftToSweep.ts";
import { leaseWork } from "../../../src/domain/operations/lease.ts";
import { payloads } from "../../../src/domain/operations/payload.ts";
import { putRecipe } from "../../../src/domain/recipes/recipes.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { retryAssignment } from "../../../src/domain/assignments/retry.ts";
import { checkSealed } from "../../../src/domain/secrets/check.ts";
import {
  NO_SECRET_KEYS,
  readSecretKeys,
  seal,
  type SecretKeys,
  unseal,
} from "../../../src/domain/secrets/keys.ts";
import { testDb, type TestDb } from "../../helpers/db.ts";
import {
  ADMIN,
  APP,
  KEY_A,
  KEY_B,
  makeWorld,
  NODE,
  RECIPE,
  setUpOf,
  type StandInRelay,
} from "../../helpers/world.ts";

const PLANTED = "planted-7f1c-secret";
const OLD = btoa("o".repeat(32));
const KEYS = readSecretKeys(OLD);
const ALICE = { username: "alice", sshKeys: [KEY_A], params: { license: PLANTED, greeting: "hi" } };
const FAILED = {
  outcome: "setup_failed",
  reason: "step_failed",
  message: "it said no",
  step: "hello",
} as const;

async function worldWithSecret(t: TestDb): Promise<StandInRelay> {
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 2 });
  const params = { ...RECIPE.params, license: { secret: true, required: true } };
  await putRecipe(t.db, { ...RECIPE, params }, ADMIN);
  await relay.workOff();
  return relay;
}

/** The set-up as the relay of an edge with these keys gets it; null where it gets none. */
async function theSetup(db: Db, relay: StandInRelay, keys: SecretKeys) {
  const leased = await leaseWork(db, NODE, relay.session, { setups: 5, others: 0 });
  const found = (await payloads(db, leased, keys)).find((one: LeasedOperation) => one.kind === "setup");
  return found?.kind === "setup" ? found : null;
}

/** The names of the tables that have the text in any column of any row. */
async function tablesWith(db: Db, text: string): Promise<string[]> {
  const tables = await rows<{ name: string }>(
    db,
    sql`select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const hits = await rows(
      db,
      sql`select 1 from ${sql.identifier(name)} as r where strpos(to_jsonb(r)::text, ${text}) > 0 limit 1`,
    );
    if (hits.length > 0) found.push(name);
  }
  return found;
}

test("a secret parameter is nowhere in the database in clear, reaches the relay, and is wiped when set-up has ended", async () => {
  await using t = await testDb();
  const relay = await worldWithSecret(t);
  const { assignment } = await assign(t.connection, ALICE, APP, KEYS);
  expect(JSON.stringify(assignment)).not.toContain(PLANTED);
  expect(await tablesWith(t.db, PLANTED)).toEqual([]);
  expect(await tablesWith(t.db, btoa(PLANTED))).toEqual([]);
  // What finds nothing has to find something: the parameter that is no secret.
  expect(await tablesWith(t.db, '"greeting": "hi"')).toEqual(["assignments"]);

  const first = await theSetup(t.db, relay, KEYS);
  expect(first?.assignment).toMatchObject({ params: { greeting: "hi" }, secrets: { license: PLANTED } });
  if (first === null) throw new Error("expected a set-up");
  await relay.finish(first, FAILED);
  await retryAssignment(t.db, assignment.id, APP);
  const again = await theSetup(t.db, relay, KEYS);
  expect(again?.assignment.secrets).toEqual({ license: PLANTED });
  if (again === null) throw new Error("expected a set-up");
  await relay.finish(again, setUpOf("alice", [KEY_A]));

  expect(await rows(t.db, sql`select state, secrets from assignments`)).toEqual([
    { state: "active", secrets: {} },
  ]);
  // The mark stays until release: a repeat is still told from one with another secret, other keys need no secret.
  expect(await assign(t.connection, ALICE, APP, KEYS)).toMatchObject({ created: false });
  await expect(
    assign(t.connection, { ...ALICE, params: { license: "another" } }, APP, KEYS),
  ).rejects.toMatchObject({ code: "CONFLICT", message: expect.not.stringContaining("another") });
  await assign(t.connection, { ...ALICE, sshKeys: [KEY_B] }, APP, KEYS);
  expect((await theSetup(t.db, relay, NO_SECRET_KEYS))?.assignment.secrets).toEqual({});

  await release(t.db, ALICE, APP);
  expect(await rows(t.db, sql`select params, secrets, secret_marks from assignments`)).toEqual([
    { params: {}, secrets: {}, secret_marks: {} },
  ]);
  expect(await tablesWith(t.db, PLANTED)).toEqual([]);
});

test("without a key a secret is refused, in words that say what to do, and nothing is left behind", async () => {
  await using t = await testDb();
  await worldWithSecret(t);
  await expect(assign(t.connection, ALICE, APP)).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringMatching(/^params\.license: is secret .* WARMPOOL_SECRET_KEY is not set/),
  });
  expect(await rows(t.db, sql`select 1 from assignments`)).toEqual([]);
  expect(readSecretKeys("short")).toEqual({ problem: expect.stringContaining("32 bytes in base64") });
});

test("a key is changed by putting the new one first; without the old one the set-up fails in words, and can be retried", async () => {
  await using t = await testDb();
  const relay = await worldWithSecret(t);
  const { assignment } = await assign(t.connection, ALICE, APP, KEYS);
  const changed = btoa("n".repeat(32));
  expect(await theSetup(t.db, relay, readSecretKeys(changed))).toBeNull();
  expect(await findTester(t.db, ALICE)).toMatchObject({
    state: "failed",
    error: { code: "secret_unreadable", message: expect.stringContaining("WARMPOOL_SECRET_KEY") },
  });
  await retryAssignment(t.db, assignment.id, APP);
  const both = readSecretKeys(`${changed} ${OLD}`);
  expect((await theSetup(t.db, relay, both))?.assignment.secrets).toEqual({ license: PLANTED });
  expect(await assign(t.connection, ALICE, APP, both)).toMatchObject({ created: false });
});

test("what hangs on the keys is told, by opening all that is sealed, without a key", async () => {
  await using t = await testDb();
  const relay = await worldWithSecret(t);
  expect(await checkSealed(t.db, KEYS)).toEqual({
    ...{ keys: 1, problem: null, pools: ["demo"], assignments: 0 },
    ...{ unreadable: 0, older: 0, unknowable: 0 },
  });
  expect(await checkSealed(t.db, NO_SECRET_KEYS)).toMatchObject({ keys: 0, problem: null });
  const short = await checkSealed(t.db, readSecretKeys("short"));
  expect(short).toMatchObject({ keys: 0, problem: expect.stringContaining("32 bytes in base64") });

  await assign(t.connection, ALICE, APP, KEYS);
  const changed = btoa("n".repeat(32));
  const both = readSecretKeys(`${changed} ${OLD}`);
  const counts = async (keys: SecretKeys) => {
    const { assignments, unreadable, older, unknowable } = await checkSealed(t.db, keys);
    return [assignments, unreadable, older, unknowable];
  };
  expect(await counts(KEYS)).toEqual([1, 0, 0, 0]);
  expect(await counts(both)).toEqual([1, 0, 1, 0]);
  expect(await counts(readSecretKeys(changed))).toEqual([1, 1, 0, 0]);
  expect(await counts(NO_SECRET_KEYS)).toEqual([1, 1, 0, 0]);
  // Of another place, by a key that is there: it is tried, and does not open.
  await t.db.execute(sql`update assignments set secrets = jsonb_build_object('other', secrets -> 'license')`);
  expect(await counts(KEYS)).toEqual([1, 1, 0, 0]);
  await t.db.execute(sql`update assignments set secrets = jsonb_build_object('license', secrets -> 'other')`);

  const setup = await theSetup(t.db, relay, both);
  if (setup === null) throw new Error("expected a set-up");
  await relay.finish(setup, setUpOf("alice", [KEY_A]));
  expect(await counts(both)).toEqual([1, 0, 1, 0]);
  expect(await counts(readSecretKeys(changed))).toEqual([1, 0, 0, 1]);
  await release(t.db, ALICE, APP);
  expect(await counts(readSecretKeys(changed))).toEqual([0, 0, 0, 0]);
});

test("a secret parameter cannot have a default: every viewer could read it", () => {
  const param = { secret: true, default: PLANTED };
  const refused = recipe.safeParse({ ...RECIPE, params: { license: param } });
  expect(refused.error?.issues).toMatchObject([{ path: ["params", "license", "default"] }]);
  expect(JSON.stringify(refused.error)).not.toContain(PLANTED);
  expect(recipe.safeParse({ ...RECIPE, params: { license: { secret: true } } }).success).toBe(true);
});

test("what was sealed for one place opens for no other", async () => {
  const place = { assignment: crypto.randomUUID(), name: "license" };
  const sealed = await seal(KEYS, place, PLANTED);
  expect(await unseal(KEYS, place, sealed)).toBe(PLANTED);
  expect(await unseal(KEYS, { ...place, name: "greeting" }, sealed)).toBeNull();
  expect(await unseal(KEYS, { ...place, assignment: crypto.randomUUID() }, sealed)).toBeNull();
  expect((await seal(KEYS, place, PLANTED)).text).not.toBe(sealed.text);
});
