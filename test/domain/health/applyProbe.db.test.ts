import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import type { MachineState } from "../../../src/contract/machine.ts";
import { rows } from "../../../src/db/client.ts";
import { sweep } from "../../../src/cron/sweep.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { type Heard, judge, type Known, type Verdict } from "../../../src/domain/health/verdict.ts";
import { getMachine, listMachines } from "../../../src/domain/machines/view.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { SETTINGS } from "../../../src/domain/core/limits.ts";
import { testDb } from "../../helpers/db.ts";
import { APP, countStates, KEY_A, makeWorld, openRelay } from "../../helpers/world.ts";

const alive: Heard = { answer: "alive", cause: null, listed: true, strangeKey: false, taken: false };
const dead: Heard = { answer: "dead", cause: "refused", listed: true, strangeKey: false, taken: false };
const unknown: Heard = {
  answer: "unknown",
  cause: "no file descriptors",
  listed: null,
  strangeKey: false,
  taken: false,
};
const usual = { failureThreshold: 2, counts: true, mayTearDown: true, nodeReturns: false };

test.each<[string, MachineState, number, Heard, string | null]>([
  ["a dead answer makes a ready machine a suspect", "ready", 0, dead, "suspect"],
  ["a second one takes it down", "suspect", 1, dead, "deleting"],
  ["a good one brings it back", "suspect", 1, alive, "ready"],
  ["R7 unknown is not dead", "suspect", 1, unknown, null],
  ["absence from a complete listing outranks an answer", "ready", 1, { ...alive, listed: false }, "deleting"],
  ["R8 without a listing an answer stands", "ready", 0, { ...alive, listed: null }, null],
  ["an assigned machine is never torn down", "assigned", 9, dead, null],
  ["a held one neither", "held", 9, dead, null],
  ["a changed host key is held, not replaced", "ready", 5, { ...dead, strangeKey: true }, "held"],
  ["an assigned one with a changed host key stays", "assigned", 0, { ...dead, strangeKey: true }, null],
])("%s", (_, state, strikes, heard, move) => {
  expect(judge({ ...usual, state, strikes }, heard).move).toBe(move);
});

test.each<[string, Partial<Known>, Heard, Verdict]>([
  [
    "R7 under the brake a dead one waits",
    { mayTearDown: false, counts: false },
    dead,
    { move: null, strikes: 1 },
  ],
  [
    "in a paused pool it waits, and its strikes count",
    { mayTearDown: false },
    dead,
    { move: null, strikes: 2 },
  ],
  ["a second look counts no strike", { counts: false }, dead, { move: null, strikes: 1 }],
  ["and brings back", { counts: false }, alive, { move: "ready", reason: "probe_alive", strikes: 0 }],
  [
    "a node that returns proves its ready machines",
    { nodeReturns: true, state: "ready" },
    unknown,
    {
      move: "suspect",
      reason: "unproven",
      strikes: 1,
    },
  ],
  ["R7 at other times unknown changes nothing", { state: "ready" }, unknown, { move: null, strikes: 1 }],
])("%s", (_, known, heard, verdict) => {
  expect(judge({ ...usual, state: "suspect", strikes: 1, ...known }, heard)).toEqual(verdict);
});

test("a machine that stops answering: suspect after one sweep, deleting after two, replaced", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 5 });
  await relay.workOff();
  const [victim] = (await listMachines(t.db, { limit: 50 })).items;
  if (victim === undefined) throw new Error("expected a machine");

  await sweep(t.db);
  await relay.answerProbe([victim.name]);
  expect(await getMachine(t.db, victim.id)).toMatchObject({
    state: "suspect",
    lastProbe: { answer: "dead", cause: "refused" },
  });
  await sweep(t.db);
  expect(await countStates(t.db)).toEqual({ ready: 2, suspect: 1 });
  await relay.answerProbe([victim.name]);
  expect(await countStates(t.db)).toEqual({ ready: 2, deleting: 1, provisioning: 1 });
  await relay.workOff();
  expect(await countStates(t.db)).toEqual({ ready: 3 });
  expect(await getMachine(t.db, victim.id)).toMatchObject({ state: "deleted", receipt: { kind: "listed" } });
});

test("a healthy probe writes the node's row and no machine's", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 3 });
  await relay.workOff();
  await queueProbes(t.db);
  const versions = () => rows(t.db, sql`select id, xmin::text from machines order by number`);
  const before = await versions();
  await relay.answerProbe();
  expect(await versions()).toEqual(before);
  const [machine] = (await listMachines(t.db, { limit: 1 })).items;
  expect(machine?.lastProbe).toMatchObject({ answer: "alive", cause: null });
});

test("assigned machines are probed and shown, and stay", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  await relay.workOff();
  for (let round = 0; round < 3; round += 1) {
    await queueProbes(t.db);
    await relay.answerProbe([assignment.machine?.name ?? ""]);
  }
  expect(await getMachine(t.db, assignment.machine?.id ?? "")).toMatchObject({
    state: "assigned",
    lastProbe: { answer: "dead" },
  });
});

test("a node that comes back is claimable only after a probe begun since, with a complete listing", async () => {
  await using t = await testDb();
  const before = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await before.workOff();
  await t.db.execute(sql`update nodes set last_seen_at = now() - interval '2 minutes'`);
  await sweep(t.db);
  expect(await rows(t.db, sql`select state from nodes`)).toEqual([{ state: "silent" }]);
  expect(await countStates(t.db)).toEqual({ ready: 1 });

  const after = await openRelay(t.db);
  const ask = assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  expect((await ask).assignment.state).toBe("waiting");
  await after.answerProbe();
  const [row] = await rows<{ state: string }>(t.db, sql`select state from assignments`);
  expect(row?.state).toBe("setting_up");
});

test("a node that comes back and cannot list is asked again within seconds, later each time; a sweep does not wait for that", async () => {
  await using t = await testDb();
  const before = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await before.workOff();
  const after = await openRelay(t.db);
  const probeInVain = async () => {
    const probe = await after.take("probe");
    const answers = probe.machines.map(({ id }) => ({ id, answer: "alive" as const, cause: null }));
    await after.finish(probe, { outcome: "probed", listing: null, answers });
  };
  const waits = async () => {
    const queued = sql`select extract(epoch from not_before - now())::float8 as wait from operations
      where kind = 'probe' and state = 'queued'`;
    return (await rows<{ wait: number }>(t.db, queued)).map(({ wait }) => wait);
  };

  await probeInVain();
  expect(await rows(t.db, sql`select state from nodes`)).toEqual([{ state: "returning" }]);
  const [first = 0] = await waits();
  expect(first).toBeGreaterThan(SETTINGS.recheckSeconds - 1);
  expect(first).toBeLessThanOrEqual(SETTINGS.recheckSeconds);
  await t.db.execute(sql`update operations set not_before = now() where state = 'queued'`);
  await t.db.execute(sql`update nodes set session_at = now() - interval '20 seconds'`);
  await probeInVain();
  const [second = 0] = await waits();
  expect(second).toBeGreaterThan(first);
  await queueProbes(t.db);
  expect((await waits())[0]).toBeLessThanOrEqual(0);
  await after.answerProbe();
  expect(await rows(t.db, sql`select state from nodes`)).toEqual([{ state: "online" }]);
  expect(await waits()).toEqual([]);
});

test.each([
  ["truncated", false],
  ["empty", true],
])("R8 a listing that is %s proves nothing: machines that answer stay", async (_, complete) => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await relay.workOff();
  for (let round = 0; round < 3; round += 1) {
    await queueProbes(t.db);
    const probe = await relay.take("probe");
    await relay.finish(probe, {
      outcome: "probed",
      listing: { complete, startedAt: new Date().toISOString(), names: [] },
      answers: probe.machines.map(({ id }) => ({ id, answer: "alive", cause: null })),
    });
    expect(await countStates(t.db)).toEqual({ ready: 2 });
  }
});
