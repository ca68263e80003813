import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { rows } from "../../../src/db/client.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { listMachines } from "../../../src/domain/machines/view.ts";
import { reapOrphans } from "../../../src/domain/nodes/actions.ts";
import { listNodes } from "../../../src/domain/nodes/view.ts";
import { type TestDb, testDb } from "../../helpers/db.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import {
  ADMIN,
  APP,
  countStates,
  KEY_A,
  makeWorld,
  NODE,
  openRelay,
  type StandInRelay,
} from "../../helpers/world.ts";

/** Machines that a restored database calls ready, and that somebody was given since the backup. */
const OTHER = randomUUID();
const ALICE = { username: "alice", sshKeys: [KEY_A] };
const machine = async ({ db }: TestDb, state: "ready" | "held" | "assigned") =>
  (await listMachines(db, { limit: 50 })).items.find((one) => one.state === state);

/** Answers the node's probe; the machine of this name was given to somebody. */
async function answerTaken(relay: StandInRelay, name: string): Promise<void> {
  const probe = await relay.take("probe");
  await relay.finish(probe, {
    outcome: "probed",
    listing: {
      complete: true,
      startedAt: new Date().toISOString(),
      names: probe.machines.map((one) => one.name),
    },
    answers: probe.machines.map((one) => ({
      ...{ id: one.id, answer: "alive", cause: null },
      ...(one.name === name ? { takenBy: OTHER } : {}),
    })),
  });
}

test("R9 a ready machine that somebody was set up on → held for a person, and given to nobody", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 3 });
  await relay.workOff();
  const taken = await machine(t, "ready");
  await queueProbes(t.db);
  await answerTaken(relay, taken?.name ?? "");

  expect(await machine(t, "held")).toMatchObject({
    name: taken?.name,
    hold: { note: expect.stringContaining(OTHER) },
  });
  const { assignment } = await assign(t.connection, ALICE, APP);
  expect(assignment).toMatchObject({ state: "waiting", machine: null });
  const told = await rows(t.db, sql`select reason from events where kind = 'machine' and after = 'held'`);
  expect(told).toEqual([{ reason: "taken" }]);
  // A later probe finds the same, and changes nothing.
  await queueProbes(t.db);
  await answerTaken(relay, taken?.name ?? "");
  expect((await machine(t, "held"))?.name).toBe(taken?.name);
});

test("R9 a set-up on such a machine → the tester gets another one, however often, and each is held", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 5, maxSize: 5 });
  await relay.workOff();
  await assign(t.connection, ALICE, APP);
  for (let n = 0; n < 4; n += 1) {
    const setup = await relay.take("setup");
    await relay.finish(setup, {
      ...{ outcome: "setup_failed", reason: "machine_refused", message: "taken" },
      ...{ untouched: true, takenBy: OTHER },
    });
  }
  expect(await countStates(t.db)).toEqual({ held: 4, assigned: 1 });
  expect(await findTester(t.db, ALICE)).toMatchObject({ state: "setting_up", swaps: 4, error: null });
});

test("R9 a machine from before the backup that does not answer → stays until a person has looked at the node", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 3 });
  await relay.workOff();
  const [silent = ""] = (await listMachines(t.db, { limit: 50 })).items.map(({ name }) => name);
  // The relay has seen one more than the database knows.
  const ahead = await openRelay(t.db, NODE, 4);
  for (let n = 0; n < 4; n += 1) {
    await ahead.answerProbe([silent]);
    await queueProbes(t.db);
  }
  expect((await listNodes(t.db, NODE))[0]?.orphanBrake).toMatchObject({ reason: "behind" });
  expect(await countStates(t.db)).toEqual({ ready: 2, suspect: 1 });

  await reapOrphans(t.db, { name: NODE }, ADMIN);
  await ahead.answerProbe([silent]);
  await queueProbes(t.db);
  await ahead.answerProbe([silent]);
  expect((await countStates(t.db))["suspect"]).toBeUndefined();
});

test("R9 a relay that works on while the database is restored → its node's machines are probed before anybody gets one", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await relay.workOff();
  const ahead = await openRelay(t.db, NODE, 2);
  await ahead.answerProbe();
  await t.db.execute(sql`update nodes set highest_machine_number = 1`);
  await ahead.lease();
  expect((await assign(t.connection, ALICE, APP)).assignment.state).toBe("waiting");
});
