import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { testDb } from "../../helpers/db.ts";
import { APP, countStates, doHappily, KEY_A, makeWorld } from "../../helpers/world.ts";

const ALICE = { username: "alice", sshKeys: [KEY_A] };

test("R12 a machine that cannot be reached before the first login is swapped, recorded as a miss, and turns suspect", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, ALICE, APP);
  const setup = await relay.take("setup");

  await relay.finish(setup, {
    outcome: "setup_failed",
    reason: "unreachable",
    message: "timed out for 10 s",
  });

  const swapped = await findTester(t.db, { username: "alice" });
  expect(swapped).toMatchObject({ id: assignment.id, state: "setting_up", swaps: 1 });
  expect(swapped.machine?.id).not.toBe(assignment.machine?.id);
  expect(await countStates(t.db)).toEqual({ suspect: 1, assigned: 1 });
  const misses = await rows(t.db, sql`select 1 from events where reason = 'swapped' and kind = 'assignment'`);
  expect(misses).toHaveLength(1);
});

test("R12 with no other machine the assignment goes back to its old place in the line", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, ALICE, APP);
  await assign(t.connection, { username: "bob", sshKeys: [KEY_A] }, APP);
  const setup = await relay.take("setup");
  await relay.finish(setup, { outcome: "setup_failed", reason: "unreachable", message: "refused" });
  expect(await findTester(t.db, { username: "alice" })).toMatchObject({
    state: "waiting",
    queue: { position: 1 },
  });
  expect(await findTester(t.db, { username: "bob" })).toMatchObject({
    state: "waiting",
    queue: { position: 2 },
  });
});

test("R12 one broken machine cannot block the pool: who meets it goes on elsewhere, and it is replaced", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 3 });
  await relay.workOff();
  const [broken] = await rows<{ id: string; name: string }>(
    t.db,
    sql`select id, name from machines order by ready_at, number limit 1`,
  );
  if (broken === undefined) throw new Error("expected a machine");
  /** A set-up cannot reach the broken machine; all else goes well. */
  const work = async () => {
    for (const operation of await relay.lease()) {
      if (operation.kind === "setup" && operation.machine.id === broken.id) {
        await relay.finish(operation, { outcome: "setup_failed", reason: "unreachable", message: "refused" });
      } else await doHappily(relay, operation);
    }
  };
  const testers = ["ann", "bob", "cy"];
  for (const username of testers) await assign(t.connection, { username, sshKeys: [KEY_A] }, APP);
  expect((await findTester(t.db, { username: "ann" })).machine?.id).toBe(broken.id);
  await work();
  expect(await findTester(t.db, { username: "ann" })).toMatchObject({
    state: "waiting",
    queue: { position: 1 },
  });
  expect(await countStates(t.db)).toEqual({ assigned: 2, suspect: 1 });
  for (const username of ["bob", "cy"])
    expect(await findTester(t.db, { username })).toMatchObject({ state: "active" });

  await queueProbes(t.db);
  await relay.answerProbe([broken.name]);
  await queueProbes(t.db);
  await relay.answerProbe([broken.name]);
  for (let round = 0; round < 4; round += 1) await work();
  const ann = await findTester(t.db, { username: "ann" });
  expect(ann).toMatchObject({ state: "active", swaps: 1 });
  expect(ann.machine?.id).not.toBe(broken.id);
  const [row] = await rows(t.db, sql`select state from machines where id = ${broken.id}`);
  expect(row).toEqual({ state: "deleted" });
});

const REFUSED = {
  outcome: "setup_failed",
  reason: "machine_refused",
  message: "The set-up could not be started on the machine (exit 73): Read-only file system",
} as const;

test.each([
  ["left nothing on it", { ...REFUSED, untouched: true }, "suspect"],
  ["may have left something on it", REFUSED, "deleting"],
  ["failed in the account's step", { ...REFUSED, step: "account" }, "deleting"],
] as const)(
  "A8 a machine that refuses a set-up is swapped after its login too: %s",
  async (_, result, state) => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 3 });
    await relay.workOff();
    const { assignment } = await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
    const setup = await relay.take("setup");
    await t.db.execute(sql`update assignments set logged_in_at = now()`);
    await relay.finish(setup, result);
    const swapped = await findTester(t.db, { username: "alice" });
    expect(swapped).toMatchObject({ id: assignment.id, state: "setting_up", swaps: 1 });
    expect(swapped.machine?.id).not.toBe(assignment.machine?.id);
    const [row] = await rows<{ state: string }>(
      t.db,
      sql`select state from machines where id = ${assignment.machine?.id ?? ""}`,
    );
    expect(row?.state).toBe(state);
    const [now] = await rows(t.db, sql`select logged_in_at from assignments`);
    expect(now).toEqual({ logged_in_at: null });
  },
);

test.each([
  ["its recipe has begun", sql`step = '{"step": 2, "steps": 3, "percent": 0, "title": "Do it"}'`],
  ["it is a retry", sql`attempt = attempt + 1`],
])("A8 a machine that refuses a set-up is kept when %s", async (_, change) => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 3 });
  await relay.workOff();
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  const setup = await relay.take("setup");
  await t.db.execute(sql`update assignments set logged_in_at = now(), ${change}`);
  await relay.finish(setup, REFUSED);
  expect(await findTester(t.db, { username: "alice" })).toMatchObject({
    ...{ state: "failed", swaps: 0 },
    error: { code: "machine_refused" },
  });
});
