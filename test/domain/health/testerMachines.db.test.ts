import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { recreateMachine } from "../../../src/domain/machines/actions.ts";
import { getMachine } from "../../../src/domain/machines/view.ts";
import { readMetrics } from "../../../src/domain/metrics/read.ts";
import { getPool } from "../../../src/domain/pools/pools.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { reassignMachine } from "../../../src/domain/machines/reassign.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { restartMachine } from "../../../src/domain/machines/restart.ts";
import { passTime } from "../../helpers/passTime.ts";
import { testDb, type TestDb } from "../../helpers/db.ts";
import { ADMIN, APP, KEY_A, makeWorld, type StandInRelay } from "../../helpers/world.ts";

/** What people do to testers' machines behind Warmpool's back, and how everybody hears of it. */

async function withTester(t: TestDb) {
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 4 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, { username: "dave", sshKeys: [KEY_A] }, APP);
  await relay.workOff();
  return { relay, name: assignment.machine?.name ?? "", id: assignment.machine?.id ?? "" };
}

/** A sweep's probe in which that machine is stopped, or does not answer; all others live. */
async function probed(t: TestDb, relay: StandInRelay, name: string, stopped: boolean): Promise<void> {
  await queueProbes(t.db);
  const [probe] = await relay.lease({ setups: 0, others: 0 });
  if (probe?.kind !== "probe") throw new Error("no probe was queued");
  await relay.finish(probe, {
    outcome: "probed",
    listing: {
      complete: true,
      startedAt: new Date().toISOString(),
      names: probe.machines.map((machine) => machine.name),
    },
    answers: probe.machines.map((machine) =>
      machine.name === name
        ? { id: machine.id, answer: "dead", cause: "refused", ...(stopped ? { stopped } : {}) }
        : { id: machine.id, answer: "alive", cause: null },
    ),
  });
}

/** The driver is sure that there is none, also where the listing is empty, which proves nothing by itself. */
async function deletedOutside(t: TestDb, relay: StandInRelay, name: string): Promise<void> {
  await queueProbes(t.db);
  const [probe] = await relay.lease({ setups: 0, others: 0 });
  if (probe?.kind !== "probe") throw new Error("no probe was queued");
  await relay.finish(probe, {
    outcome: "probed",
    listing: { complete: true, startedAt: new Date().toISOString(), names: [] },
    answers: probe.machines.map((machine) =>
      machine.name === name
        ? { id: machine.id, answer: "dead", cause: "refused", absent: true }
        : { id: machine.id, answer: "alive", cause: null },
    ),
  });
}

const degraded = async (db: Db) =>
  (await getPool(db, "demo")).conditions.find(({ type }) => type === "Degraded");
const down = async (db: Db) =>
  (await readMetrics(db)).find(({ metric }) => metric === "warmpool_tester_machines_down");
const told = async (db: Db) =>
  (await rows(db, sql`select reason from events where reason like 'tester_machine%' order by id`)).map(
    ({ reason }) => reason,
  );

test.each([
  ["stopped", "machine_stopped", "is stopped on its node"],
  ["deleted", "machine_gone", "no longer exists on its node"],
])(
  "a tester's machine that is %s on its node: everybody hears of it with the next probe",
  async (how, code, words) => {
    await using t = await testDb();
    const { relay, name } = await withTester(t);
    for (let sweep = 0; sweep < 2; sweep += 1) {
      if (how === "stopped") await probed(t, relay, name, true);
      else await deletedOutside(t, relay, name);
    }
    expect(await degraded(t.db)).toMatchObject({
      status: true,
      reason: "TesterMachineDown",
      message: expect.stringContaining(`${name} of dave ${words}`) as string,
    });
    expect(await findTester(t.db, { username: "dave" })).toMatchObject({ state: "active", error: { code } });
    expect(await down(t.db)).toMatchObject({ value: 1 });
    expect(await told(t.db)).toEqual(["tester_machine_down"]);
  },
);

test("a tester's machine that does not answer: a reboot is nobody's business, two minutes are", async () => {
  await using t = await testDb();
  const { relay, name } = await withTester(t);
  await probed(t, relay, name, false);
  expect(await degraded(t.db)).toMatchObject({ reason: "Fine" });
  await passTime(t.db, 121);
  await t.db.execute(
    sql`update nodes set last_seen_at = now(),
      not_alive = jsonb_set(not_alive, array[(select id::text from machines where name = ${name}), 'since'], to_jsonb(now() - interval '121 s'))`,
  );
  expect(await degraded(t.db)).toMatchObject({ reason: "TesterMachineDown" });
  expect(await findTester(t.db, { username: "dave" })).toMatchObject({ error: { code: "machine_silent" } });
});

test("a tester's machine that is started again: the condition ends, and an event says so", async () => {
  await using t = await testDb();
  const { relay, name } = await withTester(t);
  await probed(t, relay, name, true);
  expect((await getMachine(t.db, name)).can.restart).toBeNull();
  await queueProbes(t.db);
  await relay.answerProbe();
  expect(await degraded(t.db)).toMatchObject({ reason: "Fine" });
  expect(await findTester(t.db, { username: "dave" })).toMatchObject({ error: null });
  expect(await told(t.db)).toEqual(["tester_machine_down", "tester_machine_up"]);
});

test("a tester's machine that is gone: no restart is offered, a person's word gives another and sets it up", async () => {
  await using t = await testDb();
  const { relay, name, id } = await withTester(t);
  await deletedOutside(t, relay, name);
  expect((await getMachine(t.db, name)).can.restart).toContain("no longer exists on its node");
  await expect(restartMachine(t.db, name, ADMIN)).rejects.toMatchObject({ code: "CONFLICT" });
  await expect(recreateMachine(t.db, name, ADMIN)).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await reassignMachine(t.db, name, ADMIN)).toMatchObject({ state: "deleting" });
  await relay.workOff();
  const after = await findTester(t.db, { username: "dave" });
  expect(after).toMatchObject({ state: "active", error: null });
  expect(after.machine?.id).not.toBe(id);
  expect(await getMachine(t.db, name)).toMatchObject({ state: "deleted" });
});

test("a tester's machine that is stopped, reassigned: what is left of it is held for a person", async () => {
  await using t = await testDb();
  const { relay, name } = await withTester(t);
  await probed(t, relay, name, true);
  const held = await reassignMachine(t.db, name, ADMIN);
  expect(held).toMatchObject({ state: "held", assignment: null, hold: { by: ADMIN } });
  await relay.workOff();
  expect(await findTester(t.db, { username: "dave" })).toMatchObject({ state: "active" });
});

test("secret parameters that were wiped: the set-up cannot be run again, and that is said", async () => {
  await using t = await testDb();
  const { name } = await withTester(t);
  await t.db.execute(sql`update assignments set secret_marks = '{"token": {"key": "k", "text": "t"}}'`);
  await expect(reassignMachine(t.db, name, ADMIN)).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringContaining("were erased") as string,
  });
  expect(await getMachine(t.db, name)).toMatchObject({ state: "assigned" });
});
