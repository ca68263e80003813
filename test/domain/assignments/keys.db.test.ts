import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
import { rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { sweep } from "../../../src/cron/sweep.ts";
import { getPool, putPool } from "../../../src/domain/pools/pools.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { retryAssignment } from "../../../src/domain/assignments/retry.ts";
import { renew } from "../../../src/domain/operations/progress.ts";
import { SETTINGS } from "../../../src/domain/core/limits.ts";
import { testDb } from "../../helpers/db.ts";
import {
  ADMIN,
  APP,
  doHappily,
  KEY_A,
  KEY_B,
  makeWorld,
  NODE,
  setUpOf,
  specOf,
} from "../../helpers/world.ts";

const ALICE = { username: "alice", sshKeys: [KEY_A] };
const OTHER_KEYS = { username: "alice", sshKeys: [KEY_B] };

const REFUSED: OperationResult = {
  outcome: "setup_failed",
  reason: "machine_refused",
  message: "The disk is full.",
};

const STEP_FAILED: OperationResult = {
  outcome: "setup_failed",
  reason: "step_failed",
  message: "ended with 3",
  step: "hello",
};

test.each([
  ["keeps the admins' keys and gives sudo", { keepAdminKeys: true, sudo: true }, [KEY_B]],
  ["drops the admins' keys and gives no sudo", { keepAdminKeys: false, sudo: false }, []],
])(
  "R13 a set-up follows its pool's policy, as it is by then: one that %s",
  async (_, policy, adminSshKeys) => {
    await using t = await testDb();
    const size = { targetSize: 1, maxSize: 1, adminSshKeys: [KEY_B] };
    const relay = await makeWorld(t.db, size);
    await relay.workOff();
    await putPool(t.db, poolSpec.parse(specOf({ ...size, ...policy })), ADMIN);
    await assign(t.connection, ALICE, APP);
    expect((await relay.take("setup")).assignment).toMatchObject({
      sshKeys: [KEY_A],
      adminSshKeys,
      sudo: policy.sudo,
    });
  },
);

test("the recipe is not run again for keys, whatever its inputs are by now", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, ALICE, APP);
  const first = await relay.take("setup");
  expect(first.assignment.recipe.steps).toHaveLength(1);
  await doHappily(relay, first);
  await assign(t.connection, OTHER_KEYS, APP);
  expect((await relay.take("setup")).assignment).toMatchObject({ sshKeys: [KEY_B], recipe: { steps: [] } });
});

test("keys that could not be put on an active machine are told of, and put there when they are asked for again", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, ALICE, APP);
  await relay.workOff();
  await assign(t.connection, OTHER_KEYS, APP);
  await relay.finish(await relay.take("setup"), REFUSED);
  expect(await findTester(t.db, ALICE)).toMatchObject({
    state: "active",
    error: { code: "machine_refused", message: expect.stringContaining("The disk is full.") as string },
  });
  expect(await rows(t.db, sql`select reason from events where kind = 'keys' order by id`)).toEqual([
    { reason: "asked_for" },
    { reason: "setup_failed" },
  ]);
  expect(await relay.lease()).toEqual([]);

  await assign(t.connection, OTHER_KEYS, APP);
  await assign(t.connection, OTHER_KEYS, APP);
  const again = await relay.take("setup");
  expect(again.assignment.sshKeys).toEqual([KEY_B]);
  await doHappily(relay, again);
  expect(await findTester(t.db, ALICE)).toMatchObject({ state: "active", error: null });
  expect(await relay.lease()).toEqual([]);
});

test("keys that change in mid set-up are put on the machine right after it", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, ALICE, APP);
  const setup = await relay.take("setup");
  await assign(t.connection, OTHER_KEYS, APP);
  expect(await relay.lease()).toEqual([]);
  await relay.finish(setup, setUpOf("alice", setup.assignment.sshKeys));
  const after = await relay.take("setup");
  expect(after).toMatchObject({ machine: { id: setup.machine.id }, assignment: { sshKeys: [KEY_B] } });
  await doHappily(relay, after);
  expect(await relay.lease()).toEqual([]);
});

test("keys that change in a set-up that fails, and while it has failed, are those of the retry, and of nothing after it", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, ALICE, APP);
  const setup = await relay.take("setup");
  await assign(t.connection, { ...ALICE, sshKeys: [] }, APP);
  await relay.finish(setup, STEP_FAILED);
  await assign(t.connection, OTHER_KEYS, APP);
  expect(await findTester(t.db, ALICE)).toMatchObject({
    state: "failed",
    error: { code: "step_failed" },
  });
  expect(await relay.lease()).toEqual([]);
  await retryAssignment(t.db, assignment.id, APP);
  const retried = await relay.take("setup");
  expect(retried.assignment).toMatchObject({ sshKeys: [KEY_B], recipe: { steps: [{ id: "hello" }] } });
  await doHappily(relay, retried);
  expect(await findTester(t.db, ALICE)).toMatchObject({ state: "active", error: null });
  expect(await relay.lease()).toEqual([]);
});

test("keys that change in mid retry are put on the machine right after it", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, ALICE, APP);
  await relay.finish(await relay.take("setup"), STEP_FAILED);
  await retryAssignment(t.db, assignment.id, APP);
  const retried = await relay.take("setup");
  await assign(t.connection, OTHER_KEYS, APP);
  await relay.finish(retried, setUpOf("alice", retried.assignment.sshKeys));
  expect((await relay.take("setup")).assignment.sshKeys).toEqual([KEY_B]);
});

test("a machine that dies in mid set-up: its tester is told that it stands still, until it answers again", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, ALICE, APP);
  const { id, token, machine } = await relay.take("setup");
  const probe = async (dead: string[]) => {
    await queueProbes(t.db);
    await relay.answerProbe(dead);
  };
  // Before the first login it would be swapped, which is nothing to its tester.
  await probe([machine.name]);
  expect((await findTester(t.db, ALICE)).error).toBeNull();
  await renew(t.db, NODE, relay.session, [{ id, token, progress: { kind: "setup", loggedIn: true } }]);
  const deadFor = (seconds: number) =>
    t.db.execute(sql`update nodes set not_alive = jsonb_set(not_alive, array[${machine.id}, 'since'],
      to_jsonb(now() - make_interval(secs => ${seconds})))`);
  // It may be restarting, which is nothing to its tester either.
  await deadFor(SETTINGS.standstillSeconds - 10);
  expect((await findTester(t.db, ALICE)).error).toBeNull();
  await deadFor(SETTINGS.standstillSeconds + 1);
  await probe([machine.name]);
  expect(await findTester(t.db, ALICE)).toMatchObject({
    id: assignment.id,
    state: "setting_up",
    error: { code: "machine_silent", message: expect.stringContaining("refused") as string },
  });
  await probe([]);
  expect((await findTester(t.db, ALICE)).error).toBeNull();
});

test("S9 A5 keys that do not get to the machine in time are told of: view, event and condition, until they do", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, ALICE, APP);
  await relay.workOff();
  expect(await findTester(t.db, ALICE)).toMatchObject({ state: "active", keysPending: false });

  const { assignment: changed } = await assign(t.connection, OTHER_KEYS, APP);
  expect(changed).toMatchObject({ id: assignment.id, state: "active", keysPending: true });
  const setup = await relay.take("setup");
  await sweep(t.db);
  expect(await findTester(t.db, ALICE)).toMatchObject({ keysPending: true, error: null });
  await t.db.execute(
    sql`update operations set created_at = now() - interval '3 minutes' where kind = 'setup'`,
  );
  // Each sweep finds it late, and one of them tells it.
  for (let count = 0; count < 2; count += 1) await sweep(t.db);
  expect(await findTester(t.db, ALICE)).toMatchObject({
    ...{ state: "active", keysPending: true },
    error: { code: "keys_not_replaced", message: expect.stringContaining("may still work") as string },
  });
  expect(await rows(t.db, sql`select kind from events where reason = 'keys_late'`)).toHaveLength(1);
  const degraded = async () =>
    (await getPool(t.db, "demo")).conditions.find(({ type }) => type === "Degraded");
  expect(await degraded()).toMatchObject({ status: true, reason: "KeysNotReplaced" });

  await doHappily(relay, setup);
  expect(await findTester(t.db, ALICE)).toMatchObject({ keysPending: false, error: null });
  expect(await degraded()).toMatchObject({ status: false });
});
