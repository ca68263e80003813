import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { type Recipe, recipe as recipeOf } from "../../../src/contract/recipe.ts";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
import { rows } from "../../../src/db/client.ts";
import { assign, release } from "../../helpers/leftToSweep.ts";
import type { Line } from "../../../src/domain/assignments/queue/forecast.ts";
import { lineOfPool } from "../../../src/domain/assignments/queue/observed.ts";
import { leaseWork } from "../../../src/domain/operations/lease.ts";
import { payloads } from "../../../src/domain/operations/payload.ts";
import { heard } from "../../../src/domain/nodes/session.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { putRecipe } from "../../../src/domain/recipes/recipes.ts";
import { readSecretKeys } from "../../../src/domain/secrets/keys.ts";
import { retryAssignment } from "../../../src/domain/assignments/retry.ts";
import { sweep } from "../../../src/cron/sweep.ts";
import { type TestDb, testDb } from "../../helpers/db.ts";
import { passTime } from "../../helpers/passTime.ts";
import {
  APP,
  countStates,
  doHappily,
  KEY_A,
  KEY_B,
  makeWorld,
  NODE,
  type StandInRelay,
} from "../../helpers/world.ts";

const KEYS = readSecretKeys(btoa("k".repeat(32)));
const ALICE = { username: "alice", sshKeys: [KEY_A] };
const HANDOVER_FAILED: OperationResult = {
  outcome: "setup_failed",
  reason: "handover_failed",
  message: "The machine is not clean.",
  step: "handover",
};

test("R13 a failed set-up is retried on the same machine, with the keys given meanwhile, and counts its attempts", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, ALICE, APP);
  await relay.finish(await relay.take("setup"), HANDOVER_FAILED);
  const failed = await findTester(t.db, ALICE);
  expect(failed).toMatchObject({
    state: "failed",
    setup: { attempt: 1 },
    error: { code: "handover_failed" },
  });

  // A repeat with other keys leaves it failed: only retry or release end that.
  await assign(t.connection, { ...ALICE, sshKeys: [KEY_B] }, APP);
  expect(await relay.lease()).toEqual([]);

  const retried = await retryAssignment(t.db, assignment.id, APP);
  expect(retried).toMatchObject({ state: "setting_up", error: null, setup: { attempt: 2, step: 1 } });
  expect(retried.machine?.id).toBe(failed.machine?.id);
  const again = await relay.take("setup");
  expect(again.machine.id).toBe(failed.machine?.id);
  expect(again.assignment.sshKeys).toEqual([KEY_B]);
  await expect(retryAssignment(t.db, assignment.id, APP)).rejects.toThrow("is setting_up, not failed");
  await doHappily(relay, again);
  expect(await findTester(t.db, ALICE)).toMatchObject({ state: "active", error: null });
  await expect(retryAssignment(t.db, assignment.id, APP)).rejects.toThrow("is active, not failed");
});

test("a retry while the machine is restarted follows the restart", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, ALICE, APP);
  const setup = await relay.take("setup");
  await relay.finish(setup, HANDOVER_FAILED);
  await t.db.execute(sql`
    insert into operations (kind, node, machine) select 'restart', node, id from machines where id = ${setup.machine.id}`);
  await retryAssignment(t.db, assignment.id, APP);
  await relay.workOff();
  expect(await findTester(t.db, ALICE)).toMatchObject({ state: "active" });
});

test("R13 the machine of a failed set-up never returns to the pool, retried or released", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 2 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, ALICE, APP);
  for (const attempt of [1, 2]) {
    await relay.finish(await relay.take("setup"), HANDOVER_FAILED);
    await sweep(t.db);
    expect(await findTester(t.db, ALICE)).toMatchObject({ state: "failed", setup: { attempt } });
    const [machine] = await rows<{ state: string }>(
      t.db,
      sql`select state from machines where id = (select machine from assignments where id = ${assignment.id})`,
    );
    expect(machine?.state).toBe("assigned");
    if (attempt === 1) await retryAssignment(t.db, assignment.id, APP);
  }
  await release(t.db, ALICE, APP);
  const [gone] = await rows<{ state: string }>(
    t.db,
    sql`select state from machines where id = (select machine from assignments where id = ${assignment.id})`,
  );
  expect(gone?.state).toBe("deleting");
  await relay.workOff();
  expect(Object.keys(await countStates(t.db))).not.toContain("assigned");
  await expect(retryAssignment(t.db, assignment.id, APP)).rejects.toThrow("is released, not failed");
});

/** What the test itself may take, in seconds, beside the time that it lets pass. */
const SLOW = 45;

test("a retry shortens no estimate: of set-ups, those of one go count, of holds the time from the claim", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 4, maxSize: 4 });
  await relay.workOff();
  const ask = async (username: string) => {
    const { assignment } = await assign(t.connection, { ...ALICE, username }, APP);
    return { id: assignment.id, setup: await relay.take("setup") };
  };
  const pass = async (seconds: number) => {
    await passTime(t.db, seconds);
    await heard(t.db, NODE, relay.session);
  };
  const eta = async (username: string) => (await findTester(t.db, { username })).setup?.etaSeconds;

  const inOneGo = await ask("bob");
  await pass(100);
  await doHappily(relay, inOneGo.setup);
  const retried = await ask("alice");
  await pass(100);
  await relay.finish(retried.setup, HANDOVER_FAILED);
  await pass(1000);
  await retryAssignment(t.db, retried.id, APP);
  expect(await eta("alice")).toBeNull();
  const again = await relay.take("setup");
  await pass(6);
  await doHappily(relay, again);

  const next = await ask("carol");
  expect(await eta("carol")).toBeGreaterThan(100 - SLOW);
  await relay.finish(next.setup, HANDOVER_FAILED);
  await retryAssignment(t.db, next.id, APP);
  expect(await eta("carol")).toBeLessThan(6 + SLOW);

  const line = async () => {
    const [found] = await rows<{ line: Line }>(t.db, sql`select ${lineOfPool} as line from pools p`);
    return found?.line;
  };
  const held = (await line())?.held.map(({ seconds }) => seconds).toSorted((a, b) => a - b) ?? [];
  expect(held).toHaveLength(3);
  for (const [n, least] of [0, 1106, 1206].entries()) {
    expect(held[n]).toBeGreaterThanOrEqual(least);
    expect(held[n]).toBeLessThan(least + SLOW);
  }
  await release(t.db, ALICE, APP);
  const holds = (await line())?.observed.holds ?? [];
  expect(holds).toHaveLength(1);
  expect(holds[0]).toBeGreaterThanOrEqual(1106);
});

/** As `relay.take("setup")`, with the key that opens secret parameters. */
async function takeSetup(t: TestDb, relay: StandInRelay) {
  const leased = await leaseWork(t.db, NODE, relay.session, { setups: 5, others: 0 }, 0);
  const setup = (await payloads(t.db, leased, KEYS)).find((one) => one.kind === "setup");
  if (setup === undefined) throw new Error("no set-up was queued");
  return setup;
}

/** A failed assignment of alice's whose recipe has been pushed again since, with these parameters. */
async function failedWith(before: Recipe["params"], after: Recipe["params"], given: Record<string, string>) {
  const t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  const step = (id: string) => ({ id, title: id, script: "true\n", timeoutSeconds: 60 });
  const first = await putRecipe(
    t.db,
    recipeOf.parse({ name: "plain", params: before, steps: [step("a")] }),
    APP,
  );
  await relay.workOff();
  const { assignment } = await assign(t.connection, { ...ALICE, params: given }, APP, KEYS);
  await relay.finish(await takeSetup(t, relay), HANDOVER_FAILED);
  const steps = [step("a"), step("b")];
  const second = await putRecipe(t.db, recipeOf.parse({ name: "plain", params: after, steps }), APP);
  return { t, relay, id: assignment.id, first: first.version, second: second.version };
}

test("a retry after the recipe was pushed again → runs the same version, and shows that a newer one exists", async () => {
  const { t, relay, id, first, second } = await failedWith({}, {}, {});
  await using _ = t;
  expect(await findTester(t.db, ALICE)).toMatchObject({ recipe: { version: first, current: second } });
  const retried = await retryAssignment(t.db, id, APP);
  expect(retried).toMatchObject({ recipe: { version: first, current: second }, setup: { steps: 3 } });
  expect((await relay.take("setup")).assignment.recipe).toMatchObject({ version: first });
});

test("a retry with the current recipe → runs the version pushed last, now and later", async () => {
  const { t, relay, id, second } = await failedWith(
    { kept: {}, changed: { default: "old" }, dropped: { default: "x" }, token: { secret: true } },
    { kept: {}, changed: { default: "new" }, added: { default: "y" }, token: { secret: true } },
    { kept: "mine", token: "s3cret-value" },
  );
  await using _ = t;
  const retried = await retryAssignment(t.db, id, APP, "current", KEYS);
  expect(retried).toMatchObject({ recipe: { version: second, current: second }, setup: { steps: 4 } });
  const setup = await takeSetup(t, relay);
  expect(setup.assignment.recipe).toMatchObject({ version: second, steps: [{ id: "a" }, { id: "b" }] });
  expect(setup.assignment.params).toEqual({ kept: "mine", changed: "new", added: "y" });
  await relay.finish(setup, HANDOVER_FAILED);
  expect(await retryAssignment(t.db, id, APP)).toMatchObject({ recipe: { version: second } });
});

test.each([
  ["one is required now", {}, { more: { required: true } }, {}, /params.more: is required/],
  [
    "one is no longer taken",
    { gone: {} },
    {},
    { gone: "1" },
    /params.gone: the recipe has no such parameter/,
  ],
  ["one does not fit", { a: {} }, { a: { pattern: "[0-9]+" } }, { a: "x" }, /params.a: does not match/],
  ["one is secret now", { a: {} }, { a: { secret: true } }, { a: "x" }, /params.a: is now secret/],
  ["one is secret no more", { a: { secret: true } }, { a: {} }, { a: "x" }, /params.a: is no longer secret/],
] as const)(
  "a retry with the current recipe when %s → refused, and nothing changes",
  async (_, before, after, given, says) => {
    const { t, id, first } = await failedWith(before, after, given);
    await using held = t;
    await expect(retryAssignment(held.db, id, APP, "current", KEYS)).rejects.toThrow(says);
    expect(await findTester(held.db, ALICE)).toMatchObject({ state: "failed", recipe: { version: first } });
  },
);

test("a retry with other parameters → they take the place of the wrong ones, sealed ones too, and a repeat of assign fits", async () => {
  const declared = {
    wrong: { pattern: "[a-z]+", required: true },
    kept: { default: "x" },
    token: { secret: true },
    other: { secret: true },
  };
  const { t, relay, id, first } = await failedWith(
    declared,
    {},
    { wrong: "typo", token: "wrong-secret", other: "kept-secret" },
  );
  await using _ = t;
  const retry = (params: Record<string, string>) => retryAssignment(t.db, id, APP, "same", KEYS, params);
  await expect(retry({ wrong: "NOT FITTING" })).rejects.toMatchObject({
    code: "BAD_REQUEST",
    message: expect.stringMatching(/^params.wrong: does not match/) as string,
  });
  await expect(retry({ nope: "1" })).rejects.toMatchObject({ code: "BAD_REQUEST" });
  expect(await findTester(t.db, ALICE)).toMatchObject({ state: "failed" });

  expect(await retry({ wrong: "right", token: "right-secret" })).toMatchObject({
    state: "setting_up",
    recipe: { version: first },
    setup: { attempt: 2 },
  });
  const { assignment } = await takeSetup(t, relay);
  expect(assignment.params).toEqual({ wrong: "right", kept: "x" });
  expect(assignment.secrets).toEqual({ token: "right-secret", other: "kept-secret" });
  const [stored] = await rows<{ all: string }>(
    t.db,
    sql`select concat(a::text, (select jsonb_agg(e.data) from events e where e.assignment = a.id)) as all from assignments a`,
  );
  expect(stored?.all).not.toContain("right-secret");
  const again = { ...ALICE, params: { wrong: "right", token: "right-secret" } };
  expect(await assign(t.connection, again, APP, KEYS)).toMatchObject({ created: false });
});
