import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign, release } from "../../helpers/leftToSweep.ts";
import { cutMachine, uncutMachine } from "../../../src/domain/machines/cut.ts";
import { updateKeys } from "../../../src/domain/assignments/keys.ts";
import { getMachine } from "../../../src/domain/machines/view.ts";
import { getPool } from "../../../src/domain/pools/pools.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { restartMachine } from "../../../src/domain/machines/restart.ts";
import { testDb } from "../../helpers/db.ts";
import {
  ADMIN,
  APP,
  KEY_A,
  KEY_B,
  makeWorld,
  NODE,
  openRelay,
  type StandInRelay,
} from "../../helpers/world.ts";

const alice = { username: "alice", sshKeys: [KEY_A] };

/** A tester on the one machine there is. */
async function taken(
  t: Awaited<ReturnType<typeof testDb>>,
): Promise<{ relay: StandInRelay; id: string; name: string }> {
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, alice, APP);
  await relay.workOff();
  const [machine] = await rows<{ id: string; name: string }>(t.db, sql`select id, name from machines`);
  if (machine === undefined) throw new Error("there is no machine");
  return { relay, ...machine };
}

const viewOf = async (t: Awaited<ReturnType<typeof testDb>>) =>
  (await assign(t.connection, alice, APP)).assignment;
const degraded = async (db: Db) =>
  (await getPool(db, "demo")).conditions.find(({ type }) => type === "Degraded");
const told = async (db: Db, id: string) =>
  (await rows<{ reason: string }>(db, sql`select reason from events where machine = ${id} order by id`))
    .map(({ reason }) => reason)
    .filter((reason) => reason.includes("cut"));

test("S9 a machine is cut from outside though a change of its keys hangs, everybody sees it, and it is given back", async () => {
  await using t = await testDb();
  const { relay, id, name } = await taken(t);
  const { id: assignment } = await viewOf(t);
  await updateKeys(t.db, assignment, [KEY_B], APP);
  const hanging = await relay.take("setup");

  const asked = await cutMachine(t.db, name, "their key leaked", ADMIN);

  expect(asked).toMatchObject({
    state: "assigned",
    cut: { by: ADMIN, note: "their key leaked", doneAt: null },
  });
  await expect(
    relay.finish(hanging, { outcome: "set_up", outputs: {}, handover: { hostKey: "", keys: {} } }),
  ).rejects.toMatchObject({ code: "LEASE_LOST" });
  expect(await degraded(t.db)).toMatchObject({
    reason: "AccessCut",
    message: expect.stringMatching(/not stopped yet/) as string,
  });
  await relay.finish(await relay.take("cut"), { outcome: "cut_failed", message: "the store hangs" });
  expect((await getMachine(t.db, id)).operation).toMatchObject({ kind: "cut", error: "the store hangs" });
  await t.db.execute(sql`update operations set not_before = now() where kind = 'cut'`);
  await relay.workOff();

  const cut = await getMachine(t.db, id);
  expect(cut).toMatchObject({ cut: { doneAt: expect.any(String) as string }, operation: null });
  expect(cut.can).toMatchObject({
    cut: expect.any(String) as string,
    uncut: null,
    restart: expect.stringMatching(/uncut/) as string,
  });
  await expect(restartMachine(t.db, id, ADMIN)).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await degraded(t.db)).toMatchObject({
    reason: "AccessCut",
    message: expect.stringMatching(/alice.*machine uncut/) as string,
  });

  await uncutMachine(t.db, name, ADMIN);
  await relay.finish(await relay.take("restart"), {
    outcome: "restarted",
    ...{ host: "127.0.0.1", port: 20_001, access: { host: "127.0.0.1", port: 20_001 } },
  });
  // The keys that were given before the cut are put there now.
  expect((await relay.take("setup")).assignment.sshKeys).toEqual([KEY_B]);
  expect(await getMachine(t.db, id)).toMatchObject({ cut: null });
  expect(await told(t.db, id)).toEqual(["cut", "cut_failed", "cut_done", "uncut"]);
});

test("S9 the tester's own view says that an operator has ended the access, and a probe that finds it stopped harms nobody", async () => {
  await using t = await testDb();
  const { relay, id } = await taken(t);
  await cutMachine(t.db, id, undefined, ADMIN);
  expect(await viewOf(t)).toMatchObject({
    state: "active",
    error: { code: "access_cut", message: expect.stringMatching(/being stopped/) as string },
  });
  await relay.workOff();
  await probed(t.db, relay, id, { answer: "dead", stopped: true });
  expect((await viewOf(t)).error).toMatchObject({
    code: "access_cut",
    message: expect.not.stringMatching(/being stopped/) as string,
  });
  expect(await degraded(t.db)).toMatchObject({ reason: "AccessCut" });
  expect(await rows(t.db, sql`select 1 from events where reason = 'tester_machine_down'`)).toEqual([]);
  expect(await rows(t.db, sql`select 1 from operations where kind = 'cut' and state = 'queued'`)).toEqual([]);
});

test.each(["alive", "dead"] as const)(
  "S9 one that runs again is stopped again: its node says %s",
  async (answer) => {
    await using t = await testDb();
    const { relay, id } = await taken(t);
    await cutMachine(t.db, id, undefined, ADMIN);
    await relay.workOff();
    await probed(t.db, relay, id, { answer });
    expect(await getMachine(t.db, id)).toMatchObject({ cut: { doneAt: null } });
    await relay.finish(await relay.take("cut"), { outcome: "cut" });
    expect(await told(t.db, id)).toEqual(["cut", "cut_done", "cut_again", "cut_done"]);
  },
);

test("S9 on a node that is not heard it waits for the node, and a release ends it with the machine", async () => {
  await using t = await testDb();
  const { id } = await taken(t);
  await t.db.execute(sql`update nodes set state = 'silent'`);
  expect(await cutMachine(t.db, id, undefined, ADMIN)).toMatchObject({
    operation: { kind: "cut", state: "queued" },
  });
  await expect(uncutMachine(t.db, id, ADMIN)).rejects.toMatchObject({ code: "CONFLICT" });
  const relay = await openRelay(t.db);
  await release(t.db, { username: "alice" }, APP);
  expect(await relay.lease()).toContainEqual(expect.objectContaining({ kind: "delete" }));
});

async function probed(
  db: Db,
  relay: StandInRelay,
  id: string,
  heard: { answer: "alive" | "dead"; stopped?: boolean },
): Promise<void> {
  await queueProbes(db, [NODE]);
  const probe = await relay.take("probe");
  await relay.finish(probe, { outcome: "probed", listing: null, answers: [{ id, cause: null, ...heard }] });
}
