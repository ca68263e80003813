import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { changesOf, RUN } from "../../../src/cron/duties.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { readMetrics } from "../../../src/domain/metrics/read.ts";
import { readTallies, rollUp } from "../../../src/domain/metrics/tally.ts";
import { testDb, type TestDb } from "../../helpers/db.ts";
import { APP, doHappily, KEY_A, makeWorld, type StandInRelay } from "../../helpers/world.ts";

const ask = (t: TestDb, username: string) =>
  assign(t.connection, { username, sshKeys: [KEY_A], pool: "demo" }, APP);

/** What is counted, by name and labels: `claims_total demo warm`. */
async function counted(db: Db): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { metric, labels, count } of await readTallies(db)) {
    const key = [metric.replace("warmpool_", ""), ...Object.values(labels).toSorted()].join(" ");
    sums[key] = (sums[key] ?? 0) + count;
  }
  return sums;
}

/** One warm claim, one that waited, one that was missed and swapped, and all the work behind them. */
async function busyMorning(t: TestDb): Promise<StandInRelay> {
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 4 });
  await relay.workOff();
  await ask(t, "warm");
  await relay.workOff();
  await ask(t, "missed");
  const setup = await relay.take("setup");
  await relay.finish(setup, { outcome: "setup_failed", reason: "unreachable", message: "no route" });
  await relay.workOff();
  return relay;
}

test("claims, durations and operations are counted by what happened", async () => {
  await using t = await testDb();
  await busyMorning(t);
  expect(await counted(t.db)).toMatchObject({
    "claims_total demo warm": 2,
    "claims_total demo missed": 1,
    "claim_seconds demo": 3,
    "setup_seconds demo": 2,
    "assign_seconds demo": 2,
    "operations_total n1 setup succeeded": 2,
    "operations_total failed n1 setup": 1,
  });
});

test("a roll-up changes no number, and neither does pruning what was counted", async () => {
  await using t = await testDb();
  await busyMorning(t);
  const before = await readMetrics(t.db);
  expect(await rollUp(t.db)).toBeGreaterThan(5);
  const happened = (metric: string) => metric.endsWith("_total") || metric.includes("_seconds");
  const still = (samples: typeof before) =>
    samples.filter(({ metric }) => happened(metric) && !/_age_|_oldest_/.test(metric));
  expect(still(await readMetrics(t.db))).toEqual(still(before));
  expect(await rollUp(t.db)).toBe(0);
  await t.db.execute(sql`update events set at = now() - interval '60 days'`);
  await t.db.execute(sql`
    update operations set finished_at = now() - interval '60 days' where finished_at is not null`);
  expect(changesOf(await RUN.prune(t.db))).toBeGreaterThan(5);
  expect(still(await readMetrics(t.db))).toEqual(still(before));
});

test("what is not counted yet is not pruned", async () => {
  await using t = await testDb();
  await busyMorning(t);
  const before = await counted(t.db);
  const longAgo = sql`interval '60 days'`;
  await t.db.execute(sql`update events set at = at - ${longAgo}`);
  await t.db.execute(sql`
    update assignments set created_at = created_at - ${longAgo}, setup_at = setup_at - ${longAgo}`);
  await t.db.execute(sql`update machines set created_at = created_at - ${longAgo}`);
  await t.db.execute(sql`
    update operations set finished_at = finished_at - interval '60 days' where finished_at is not null`);
  await RUN.prune(t.db);
  expect(await counted(t.db)).toEqual(before);
});

test("ten roll-ups at once and work going on count everything once", async () => {
  await using t = await testDb();
  const relay = await busyMorning(t);
  const before = await counted(t.db);
  await Promise.all([
    ...Array.from({ length: 10 }, () => rollUp(t.db)),
    ask(t, "waiting-1"),
    ask(t, "waiting-2"),
    ...(await relay.lease()).map((operation) => doHappily(relay, operation)),
  ]);
  await Promise.all(Array.from({ length: 10 }, () => rollUp(t.db)));
  const now = await counted(t.db);
  const claims = (all: Record<string, number>) =>
    (all["claims_total demo warm"] ?? 0) + (all["claims_total demo waited"] ?? 0);
  expect(claims(now)).toBe(claims(before) + 2);
  const [ended] = await rows<{ count: number }>(
    t.db,
    sql`select count(*) as count from operations where finished_at is not null`,
  );
  const operations = Object.entries(now).filter(([key]) => key.startsWith("operations_total"));
  expect(operations.reduce((sum, [, count]) => sum + count, 0)).toBe(ended?.count);
});

test("a duration lies under the first bound that it does not exceed", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await t.db.execute(sql`update machines set created_at = now() - interval '100 seconds'`);
  await relay.workOff();
  const ready = (await readMetrics(t.db)).find(({ metric }) => metric === "warmpool_ready_seconds");
  if (ready === undefined || !("buckets" in ready))
    throw new Error("there is no histogram of ready machines");
  expect(ready.buckets.filter((bucket) => bucket.count > 0)).toEqual([{ le: 120, count: 1 }]);
  expect(ready.sum).toBeGreaterThan(100);
});
