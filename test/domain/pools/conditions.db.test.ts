import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import { sweep } from "../../../src/cron/sweep.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { poolConditions } from "../../../src/domain/pools/conditions.ts";
import type { PoolFacts } from "../../../src/domain/pools/facts.ts";
import { noteConditions } from "../../../src/domain/pools/applyConditions.ts";
import { removePool } from "../../../src/domain/pools/remove.ts";
import { getPool, putPool } from "../../../src/domain/pools/pools.ts";
import { betweenStatements } from "../../helpers/between.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, makeWorld, specOf } from "../../helpers/world.ts";

const NOW = "2026-01-01T00:10:00.000Z";
const healthy: PoolFacts & { population: number } = {
  spec: { targetSize: 3, maxSize: 5, shape: { vcpus: 1, memoryMib: 512, diskGib: 4 } },
  paused: false,
  claimable: 3,
  claims: 0,
  usualCreateSeconds: 300,
  slots: 2,
  waiting: 0,
  createFailures: 0,
  createNotBefore: null,
  lastFailure: null,
  stale: 0,
  onTheirWay: false,
  nowhere: null,
  brakes: [],
  orphanNodes: [],
  orphans: [],
  downMachines: [],
  driverProblems: [],
  strangers: [],
  silentNodes: [],
  setups: { ended: 0, failed: 0, recipes: [], last: null },
  keyless: [],
  cut: [],
  stored: [],
  createdAt: NOW,
  now: NOW,
  population: 3,
  deleting: 0,
};
const brake = {
  node: "n1",
  dead: 5,
  answered: 5,
  cause: "connection refused",
  canaryError: "it did not respond",
  canaryNotBefore: NOW,
};

const full = { reason: "NoRoom", message: "n1: memory" } as const;
const refused = { reason: "Refused", message: "n1: refused" } as const;
const silent = { node: "n1", lastSeenAt: NOW, making: 0, ready: 0, assigned: 0, others: 0 };

const ended = (all: number, failed: number): PoolFacts["setups"] => ({
  ended: all,
  failed,
  recipes: ["plain"],
  last: { username: "alice", message: "No space left on device" },
});

test.each<[string, Partial<typeof healthy>, Record<string, [boolean, string]>]>([
  [
    "a healthy pool",
    {},
    {
      Ready: [true, "TargetReached"],
      Progressing: [true, "Full"],
      CapacityAvailable: [true, "RoomForOne"],
      KeepingUp: [true, "MadeInTime"],
      AllCurrent: [true, "Current"],
      Degraded: [false, "Fine"],
    },
  ],
  [
    "one that fills",
    { claimable: 1, onTheirWay: true },
    { Progressing: [true, "Refilling"], Ready: [false, "BelowTarget"] },
  ],
  ["one that is used as fast as it can be filled", { claims: 24 }, { KeepingUp: [true, "MadeInTime"] }],
  ["one that is used faster", { claims: 25 }, { KeepingUp: [false, "TakenFaster"] }],
  ["one without an open node", { claims: 1, slots: 0 }, { KeepingUp: [false, "NoneMade"] }],
  [
    "one that has made nothing yet",
    { claims: 99, usualCreateSeconds: null },
    { KeepingUp: [true, "MadeInTime"] },
  ],
  ["one that is paused", { claims: 99, paused: true }, { KeepingUp: [true, "MadeInTime"] }],
  [
    "one without room",
    { claimable: 1, nowhere: full },
    { Progressing: [false, "NoRoom"], CapacityAvailable: [false, "NoRoom"] },
  ],
  [
    "one whose last machine without room for more comes",
    { claimable: 2, nowhere: full, onTheirWay: true },
    { Progressing: [true, "Refilling"] },
  ],
  [
    "R6 one whose creates fail",
    { claimable: 1, createFailures: 2, lastFailure: "no such image" },
    { Progressing: [false, "CreatesFailing"] },
  ],
  [
    "B3 one whose creates were refused, and are not tried again",
    { claimable: 1, createFailures: 2, nowhere: refused },
    { Progressing: [false, "Refused"], CapacityAvailable: [false, "Refused"] },
  ],
  ["one that rolls out", { stale: 2 }, { AllCurrent: [false, "RollingOut"] }],
  [
    "R7 one on a braked node",
    { claimable: 0, brakes: [brake] },
    { Degraded: [true, "Braked"], Progressing: [false, "Braked"] },
  ],
  ["one tester's keys not replaced", { keyless: ["alice"] }, { Degraded: [true, "KeysNotReplaced"] }],
  [
    "S9 one with a machine whose access is cut",
    { cut: [{ machine: "demo-1", username: "dave", pending: true }] },
    { Degraded: [true, "AccessCut"] },
  ],
  ["one with a strange host key", { strangers: ["demo-1"] }, { Degraded: [true, "HostKeyChanged"] }],
  ["one with orphans that are held", { orphanNodes: ["n1"] }, { Degraded: [true, "OrphansHeld"] }],
  [
    "one with a tester's machine that is down",
    {
      downMachines: [{ machine: "demo-1", username: "dave", what: "stopped", since: NOW }],
      orphans: ["n1: x"],
    },
    { Degraded: [true, "TesterMachineDown"] },
  ],
  [
    "one with a node whose driver fails",
    { driverProblems: [{ node: "n1", message: "connect ENOENT" }] },
    { Degraded: [true, "DriverDown"] },
  ],
  ["one with an orphan", { orphans: ["n1: demo-9"] }, { Degraded: [true, "OrphansFound"] }],
  [
    "one whose last machines are on a node that is not heard",
    { claimable: 1, population: 5, silentNodes: [{ ...silent, making: 2, ready: 2 }] },
    { Degraded: [true, "NodeSilent"], Progressing: [false, "NodeSilent"] },
  ],
  [
    "one that makes machines beside a node that is not heard",
    { claimable: 1, onTheirWay: true, silentNodes: [{ ...silent, ready: 2 }] },
    { Degraded: [true, "NodeSilent"], Progressing: [true, "Refilling"] },
  ],
  [
    "one whose testers alone are on a node that is not heard",
    { claimable: 1, population: 5, silentNodes: [{ ...silent, assigned: 2 }] },
    { Degraded: [true, "NodeSilent"], Progressing: [false, "AtMaxSize"] },
  ],
  ["one whose set-ups all end well", { setups: ended(9, 0) }, { SetupsWork: [true, "SetupsSucceed"] }],
  [
    "one of whose set-ups the only one failed",
    { setups: ended(1, 1) },
    { SetupsWork: [true, "SetupsSucceed"] },
  ],
  ["one of whose set-ups few failed", { setups: ended(5, 2) }, { SetupsWork: [true, "SetupsSucceed"] }],
  ["one of whose set-ups half failed", { setups: ended(4, 2) }, { SetupsWork: [false, "SetupsFailing"] }],
  ["one whose set-ups all failed", { setups: ended(2, 2) }, { SetupsWork: [false, "SetupsFailing"] }],
  ["one at maxSize", { claimable: 1, population: 5 }, { Progressing: [false, "AtMaxSize"] }],
])("conditions of %s", (_, change, expected) => {
  const conditions = poolConditions({ ...healthy, ...change });
  for (const [type, [status, reason]] of Object.entries(expected)) {
    expect(conditions.find((one) => one.type === type)).toMatchObject({ status, reason });
  }
});

test("since stands as long as status and reason do", () => {
  const before = "2026-01-01T00:00:00.000Z";
  const stored = poolConditions({ ...healthy, now: before });
  const after = poolConditions({ ...healthy, stale: 1, stored });
  expect(Object.fromEntries(after.map(({ type, since }) => [type, since]))).toEqual({
    Ready: before,
    Progressing: before,
    CapacityAvailable: before,
    KeepingUp: before,
    SetupsWork: before,
    AllCurrent: NOW,
    Degraded: before,
  });
});

const condition = async (db: Db, type: string) =>
  (await getPool(db, "demo")).conditions.find((one) => one.type === type);

test("Degraded, AllCurrent and CapacityAvailable say what is so", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 4 });
  await relay.workOff();
  expect(await condition(t.db, "AllCurrent")).toMatchObject({ status: true });
  await t.db.execute(sql`update pools set paused = true`);
  await putPool(t.db, poolSpec.parse(specOf({ targetSize: 2, maxSize: 4, image: "other" })), ADMIN);
  expect(await condition(t.db, "AllCurrent")).toMatchObject({
    status: false,
    message: expect.stringMatching(/^2 machines are/) as string,
  });

  expect(await condition(t.db, "CapacityAvailable")).toMatchObject({ status: true });
  await t.db.execute(sql`update nodes set scheduling = 'draining'`);
  expect(await condition(t.db, "CapacityAvailable")).toMatchObject({
    status: false,
    reason: "NoNodeOpen",
    message: expect.stringMatching(/n1: draining/) as string,
  });

  await sweep(t.db);
  await relay.answerProbe(
    (await t.db.execute(sql`select name from machines`)).map(({ name }) => String(name)),
  );
  expect(await condition(t.db, "Degraded")).toMatchObject({
    status: true,
    reason: "Braked",
    message: expect.stringMatching(
      /^2 of 2 machines of node n1 died at once \(refused\), .*warmpool node lift n1/,
    ) as string,
  });
});

test("set-ups that fail lately: of whom, with what, and until when", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  const full = { code: "step_failed", message: "No space left on device", step: "hello" };
  await t.db.execute(
    sql`insert into testers (pool, username) select 'demo', 'u' || n from generate_series(1, 5) n`,
  );
  // One well, one that failed and was released, one whose set-up is a long time ago, one in the line, and one more that failed.
  await t.db.execute(sql`
    insert into assignments (pool, username, state, ssh_keys, recipe, recipe_version, created_at, active_at, failed_at, released_at, error)
    select 'demo', u, case when u = 'u4' then 'waiting' else 'released' end, '[]', 'plain', (select version from recipes),
      now() - "asked"::interval, case when well then now() - "ended"::interval end, case when not well then now() - "ended"::interval end,
      case when u <> 'u4' then now() end, case when not well then ${JSON.stringify(full)}::jsonb end
    from (values ('u1', '10 min', '9 min', true), ('u2', '10 min', '8 min', false), ('u3', '3 h', '2 h', false),
      ('u4', '1 min', null, null), ('u5', '2 h', '5 min', false)) v(u, "asked", "ended", well)`);
  expect(await condition(t.db, "SetupsWork")).toMatchObject({
    status: false,
    reason: "SetupsFailing",
    message:
      "2 of 3 set-ups that ended in the last hour failed (recipe plain), the last one of u5: No space left on device; `warmpool log u5` shows what it said",
  });
  await t.db.execute(sql`update assignments set failed_at = now() - interval '61 min' where username = 'u2'`);
  expect(await condition(t.db, "SetupsWork")).toMatchObject({ status: true, reason: "SetupsSucceed" });
});

test("a pool that is removed while its conditions are noted has none any more, and stops no duty", async () => {
  await using t = await testDb({ max: 5 });
  await makeWorld(t.db);
  await putPool(t.db, poolSpec.parse(specOf({ name: "other" })), ADMIN);
  const interrupted = betweenStatements(t.db, "select name, conditions from pools where name", () =>
    removePool(t.db, { name: "demo", release: false }, ADMIN),
  );
  await noteConditions(interrupted);
  const noted = await rows(
    t.db,
    sql`select name, jsonb_array_length(conditions) as count from pools order by name`,
  );
  expect(noted).toEqual([
    { name: "demo", count: 0 },
    { name: "other", count: 7 },
  ]);
});
