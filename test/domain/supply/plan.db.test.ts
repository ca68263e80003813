import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { connect, rows } from "../../../src/db/client.ts";
import { sweep } from "../../../src/cron/sweep.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { replenish } from "../../../src/domain/supply/applyPlan.ts";
import { planPool, type PoolSituation } from "../../../src/domain/supply/plan.ts";
import {
  createBackoffSeconds,
  retryBackoffSeconds,
  FAILING_CREATES_PER_HOUR,
} from "../../../src/domain/core/backoff.ts";
import { SETTINGS } from "../../../src/domain/core/limits.ts";
import { betweenStatements } from "../../helpers/between.ts";
import { testDb } from "../../helpers/db.ts";
import { APP, countStates, KEY_A, makeWorld } from "../../helpers/world.ts";

function situation(
  overrides: Partial<Omit<PoolSituation, "counts">> & { counts?: Partial<PoolSituation["counts"]> },
) {
  const none = { provisioning: 0, ready: 0, suspect: 0, assigned: 0, held: 0, deleting: 0 };
  return {
    targetSize: 3,
    maxSize: 6,
    waiting: 0,
    readyOffline: 0,
    failedCreatesDeleting: 0,
    staleReady: 0,
    lately: 0,
    stuckReplaced: 0,
    outOfReach: { provisioning: 0, suspect: 0, population: 0 },
    paused: false,
    createFailures: 0,
    backoffOver: true,
    ...overrides,
    counts: { ...none, ...overrides.counts },
  };
}

test.each([
  ["an empty pool fills to target", situation({}), { create: 3, shrink: 0, blocked: null }],
  ["what is on its way counts", situation({ counts: { ready: 1, provisioning: 2 } }), { create: 0 }],
  [
    "a suspect may come back and is not replaced yet",
    situation({ counts: { ready: 2, suspect: 1 } }),
    { create: 0 },
  ],
  ["those who wait are added", situation({ waiting: 2 }), { create: 5 }],
  ["assigned ones are no stock", situation({ counts: { assigned: 2 } }), { create: 3 }],
  ["R4 deleting ones are no stock but take room", situation({ counts: { deleting: 5 } }), { create: 1 }],
  ["R4 held ones take room", situation({ counts: { held: 6 } }), { create: 0, blocked: "max_size" }],
  [
    "R15 a full pool with a stuck delete and a stale machine: the stale one gives its room",
    situation({ targetSize: 3, maxSize: 3, counts: { ready: 2, deleting: 1 }, staleReady: 1 }),
    { create: 0, replace: "first", blocked: "max_size" },
  ],
  [
    "R15 not while its successor is being made",
    situation({
      targetSize: 3,
      maxSize: 3,
      counts: { ready: 1, provisioning: 1, deleting: 1 },
      staleReady: 1,
    }),
    { create: 0, replace: null },
  ],
  [
    "ready ones on a silent node are no stock",
    situation({ counts: { ready: 3 }, readyOffline: 2 }),
    { create: 2 },
  ],
  [
    "R6 a failed create being deleted counts",
    situation({ counts: { deleting: 3 }, failedCreatesDeleting: 3 }),
    { create: 0 },
  ],
  [
    "R6 while creates fail, one at a time",
    situation({ createFailures: 2 }),
    { create: 1, blocked: "backoff" },
  ],
  [
    "R6 and not before the backoff is over",
    situation({ createFailures: 2, backoffOver: false }),
    { create: 0, blocked: "backoff" },
  ],
  ["a paused pool creates nothing", situation({ paused: true }), { create: 0, blocked: "paused" }],
  [
    "R15 one that was taken down for the rollout, and is stuck, costs no second one",
    situation({
      targetSize: 3,
      maxSize: 3,
      counts: { ready: 2, deleting: 1 },
      staleReady: 2,
      stuckReplaced: 1,
    }),
    { create: 0, replace: null, blocked: "max_size" },
  ],
  [
    "I6 for those who wait while a silent node holds the rest: as many as wait, and none more",
    situation({
      targetSize: 3,
      maxSize: 5,
      waiting: 2,
      counts: { provisioning: 5 },
      outOfReach: { provisioning: 5, suspect: 0, population: 5 },
    }),
    { create: 2 },
  ],
  [
    "I6 they are made once: what is on its way for them is theirs",
    situation({
      targetSize: 3,
      maxSize: 5,
      waiting: 2,
      counts: { provisioning: 7 },
      outOfReach: { provisioning: 5, suspect: 0, population: 5 },
    }),
    { create: 0 },
  ],
  [
    "I6 when the node is back the free ones beyond maxSize go, one a sweep",
    situation({ targetSize: 3, maxSize: 5, counts: { ready: 3, assigned: 4 } }),
    { create: 0, shrink: 1 },
  ],
  [
    "I6 one that is on its way out already is not taken for another",
    situation({ targetSize: 3, maxSize: 5, counts: { ready: 2, assigned: 3, deleting: 2 } }),
    { create: 0, shrink: 0 },
  ],
  [
    "I6 nothing that a tester has goes for it",
    situation({ targetSize: 3, maxSize: 5, counts: { assigned: 7 } }),
    { create: 0, shrink: 0 },
  ],
  ["a surplus shrinks by one", situation({ counts: { ready: 5 } }), { create: 0, shrink: 1 }],
  [
    "R15 a full pool with stale machines gets one more",
    situation({ counts: { ready: 3 }, staleReady: 3 }),
    { create: 1, shrink: 0, replace: "after" },
  ],
  [
    "R15 one at a time: not while the one before is made",
    situation({ counts: { ready: 3, provisioning: 1 }, staleReady: 3 }),
    { create: 0, shrink: 0, replace: null },
  ],
  [
    "R15 then it has one too many",
    situation({ counts: { ready: 4 }, staleReady: 3 }),
    { create: 0, shrink: 1, replace: null },
  ],
  [
    "R15 at maxSize the stale one goes first",
    situation({ counts: { ready: 3, assigned: 3 }, staleReady: 1 }),
    { create: 0, replace: "first" },
  ],
  [
    "R15 but not while another goes",
    situation({ counts: { ready: 3, deleting: 3 }, lately: 1, staleReady: 1 }),
    { create: 0, replace: null },
  ],
  [
    "R15 at maxSize: a successor that is being made is not there yet, so no second machine goes",
    situation({
      targetSize: 3,
      maxSize: 5,
      counts: { ready: 2, provisioning: 1, assigned: 2 },
      staleReady: 2,
    }),
    { create: 0, replace: null },
  ],
  [
    "R15 at maxSize: nor is a suspect",
    situation({ targetSize: 3, maxSize: 5, counts: { ready: 2, suspect: 1, assigned: 2 }, staleReady: 2 }),
    { create: 0, replace: null },
  ],
  [
    "R15 at maxSize: nor is a create that failed, however long its delete takes",
    situation({
      targetSize: 3,
      maxSize: 5,
      counts: { ready: 2, deleting: 1, assigned: 2 },
      failedCreatesDeleting: 1,
      staleReady: 2,
    }),
    { create: 0, replace: null },
  ],
  [
    "R15 deletes that are all stuck do not empty the pool",
    situation({
      targetSize: 3,
      maxSize: 3,
      counts: { ready: 1, deleting: 2 },
      staleReady: 1,
      stuckReplaced: 2,
    }),
    { create: 0, replace: null, blocked: "max_size" },
  ],
  [
    "testers who wait: creates that a silent node had begun are not their machines",
    situation({
      targetSize: 1,
      waiting: 1,
      counts: { provisioning: 2 },
      outOfReach: { provisioning: 2, suspect: 0, population: 2 },
    }),
    { create: 1, blocked: null },
  ],
  [
    "testers who wait: what a silent node has keeps no room from them, and no more is made than they are",
    situation({
      targetSize: 3,
      maxSize: 5,
      waiting: 1,
      counts: { ready: 3, provisioning: 2 },
      readyOffline: 3,
      outOfReach: { provisioning: 2, suspect: 0, population: 5 },
    }),
    { create: 1, blocked: null },
  ],
  [
    "a stock without testers who wait stays within maxSize, wherever its machines are",
    situation({
      targetSize: 3,
      maxSize: 3,
      counts: { ready: 3 },
      readyOffline: 3,
      outOfReach: { provisioning: 0, suspect: 0, population: 3 },
    }),
    { create: 0, blocked: "max_size" },
  ],
  [
    "R6 while creates fail, one that a silent node had begun is not the one that is tried",
    situation({
      waiting: 1,
      createFailures: 2,
      counts: { provisioning: 1 },
      outOfReach: { provisioning: 1, suspect: 0, population: 1 },
    }),
    { create: 1 },
  ],
  [
    "testers who wait: the suspects of a braked node are not their machines",
    situation({
      targetSize: 0,
      waiting: 2,
      counts: { suspect: 3 },
      outOfReach: { provisioning: 0, suspect: 3, population: 0 },
    }),
    { create: 2 },
  ],
  [
    "R15 deletes that are stuck stop no rollout",
    situation({ counts: { ready: 3, deleting: 3 }, lately: 0, staleReady: 1 }),
    { create: 0, replace: "first" },
  ],
  [
    "R15 a pool that lacks machines replaces none while a delete goes on",
    situation({ counts: { ready: 2, deleting: 4 }, staleReady: 2, lately: 1 }),
    { create: 0, replace: null, blocked: "max_size" },
  ],
  [
    "R6 R15 a rollout whose creates fail waits, and keeps the old ones",
    situation({ counts: { ready: 3 }, staleReady: 3, createFailures: 2, backoffOver: false }),
    { create: 0, shrink: 0, replace: null, blocked: "backoff" },
  ],
  [
    "R15 a paused pool replaces none",
    situation({ counts: { ready: 3 }, staleReady: 3, paused: true }),
    { create: 0, replace: null },
  ],
  ["not while somebody waits", situation({ counts: { ready: 5 }, waiting: 1 }), { shrink: 0 }],
])("%s", (_, input, expected) => {
  expect(planPool(input)).toMatchObject(expected);
});

test("R6 creates that fail at once stay within FAILING_CREATES_PER_HOUR in any hour, with the shortest waits", () => {
  const at: number[] = [];
  for (let failures = 1, second = 0; second < 5 * 3600; failures += 1) {
    second += createBackoffSeconds(failures, 0);
    at.push(second);
  }
  const inTheHourFrom = (start: number) =>
    at.filter((second) => second >= start && second < start + 3600).length;
  expect(Math.max(...at.map(inTheHourFrom))).toBeLessThanOrEqual(FAILING_CREATES_PER_HOUR);
  expect(inTheHourFrom(0)).toBeGreaterThan(FAILING_CREATES_PER_HOUR - 3);
});

test("R6 backoff doubles to a bound", () => {
  expect(createBackoffSeconds(1, 0.5)).toBe(0);
  expect([2, 3, 4].map((failures) => createBackoffSeconds(failures, 0.5))).toEqual([5, 10, 20]);
  expect(createBackoffSeconds(100, 0.5)).toBe(600);
  expect(retryBackoffSeconds(1, 0.5)).toBe(2);
  expect(retryBackoffSeconds(1000, 0.5)).toBe(300);
});

test("R11 overlapping sweeps of two API instances create exactly the deficit", async () => {
  await using t = await testDb({ max: 10 });
  await makeWorld(t.db, { targetSize: 0, maxSize: 8 });
  await t.db.execute(sql`update pools set spec = spec || '{"targetSize": 5}'`);
  const other = connect(t.url, { max: 10 });
  try {
    await Promise.all([sweep(t.db), sweep(other.db), sweep(t.db), sweep(other.db)]);
  } finally {
    await other.close();
  }
  expect(await countStates(t.db)).toEqual({ provisioning: 5 });
});

test("R11 a node that comes back between the count and the insert does not overfill the pool", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 9 });
  await relay.workOff();
  await t.db.execute(sql`update nodes set state = 'returning'`);
  const comesBack = betweenStatements(t.db, "from nodes n where", () =>
    t.db.execute(sql`update nodes set state = 'online'`),
  );
  await replenish(comesBack, "demo", APP);
  expect(await countStates(t.db)).toEqual({ ready: 3 });
});

test("I6 the population never exceeds maxSize, whoever waits", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 4 });
  for (let n = 0; n < 10; n += 1) await assign(t.connection, { username: `t${n}`, sshKeys: [KEY_A] }, APP);
  for (let round = 0; round < 3; round += 1) {
    await sweep(t.db);
    await relay.workOff();
    const [row] = await rows<{ n: number }>(
      t.db,
      sql`select count(*)::int as n from machines where state <> 'deleted'`,
    );
    expect(row?.n).toBeLessThanOrEqual(4);
  }
  expect(await countStates(t.db)).toEqual({ assigned: 4 });
});

test("live machines of a node never share a port", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 40, maxSize: 40 });
  const ports = await rows<{ port: number }>(
    t.db,
    sql`select port from machines union all select http_port from machines`,
  );
  expect(new Set(ports.map((row) => row.port)).size).toBe(80);
  expect(ports.every((row) => row.port >= 20_000 && row.port < 32_768)).toBe(true);
});

test("a pool of thousands → one refill queues as many creates as it has time for, the next one goes on", async () => {
  await using t = await testDb();
  const length = SETTINGS.mostQueuedAtOnce + 5;
  await makeWorld(t.db, { targetSize: length, maxSize: length });
  expect(await countStates(t.db)).toEqual({ provisioning: SETTINGS.mostQueuedAtOnce });
  await replenish(t.db, "demo", "system:replenish");
  expect(await countStates(t.db)).toEqual({ provisioning: length });
});
