import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { readHistory } from "../../../src/domain/metrics/history.ts";
import { takeSamples, thinSamples } from "../../../src/domain/metrics/sample.ts";
import { rollUp } from "../../../src/domain/metrics/tally.ts";
import { testDb, type TestDb } from "../../helpers/db.ts";
import { APP, makeWorld } from "../../helpers/world.ts";

/** Everything was sampled a minute earlier than it was. */
const pass = (t: TestDb) => t.db.execute(sql`update pool_samples set at = at - interval '1 minute'`);

test("a pool's history: machines of each moment, and what happened between two", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 4 });
  await relay.workOff();
  await rollUp(t.db);
  expect(await takeSamples(t.db)).toBe(1);
  expect(await takeSamples(t.db)).toBe(0);
  expect((await readHistory(t.db, { pool: "demo", hours: 1 })).at).toEqual([]);
  await pass(t);
  for (const username of ["alice", "bob", "carol"])
    await assign(t.connection, { username, sshKeys: [] }, APP);
  await rollUp(t.db);
  await takeSamples(t.db);
  await pass(t);
  await takeSamples(t.db);
  const history = await readHistory(t.db, { pool: "demo", hours: 1 });
  expect(history).toMatchObject({
    machines: { ready: [0, 0], assigned: [2, 2] },
    waiting: [1, 1],
    claims: { warm: [2, 0], waited: [1, 0], missed: [0, 0] },
    claimSeconds: { p50: [expect.any(Number), null], p95: [expect.any(Number), null] },
  });
  expect(history.at).toEqual(history.at.toSorted());
  await expect(readHistory(t.db, { pool: "nope", hours: 1 })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("samples: one in ten minutes is left after a day, none after 30 days; what happened is not lost", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  await t.db.execute(sql`insert into pool_samples (pool, at, machines, waiting, claims, durations)
    select 'demo', date_trunc('hour', now()) - interval '26 hours' + n * interval '1 minute', '{}'::jsonb, 0,
      jsonb_build_object('warm', n), '{}'::jsonb from generate_series(1, 60) n
    union all select 'demo', now() - interval '31 days', '{}', 0, '{}', '{}'
    union all select 'demo', now() - interval '1 hour', '{}', 0, '{"warm": 60}', '{}'`);
  await thinSamples(t.db);
  const left = await rows<{ old: boolean; n: number }>(
    t.db,
    sql`select at < now() - interval '1 day' as old, (claims ->> 'warm')::int as n from pool_samples order by at`,
  );
  expect(left).toEqual([
    ...[1, 10, 20, 30, 40, 50, 60].map((n) => ({ old: true, n })),
    { old: false, n: 60 },
  ]);
  const { claims } = await readHistory(t.db, { pool: "demo", hours: 48 });
  expect(claims.warm).toEqual([9, 10, 10, 10, 10, 10, 0]);
});

test("a long history is thinned to what a chart can show, and ends with the newest sample", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  await t.db.execute(sql`insert into pool_samples (pool, at, machines, waiting, claims, durations)
    select 'demo', now() - n * interval '1 minute', '{}', n, '{}', '{}' from generate_series(0, 1439) n`);
  const { at, waiting } = await readHistory(t.db, { pool: "demo", hours: 24 });
  expect(at.length).toBeGreaterThan(600);
  expect(at.length).toBeLessThanOrEqual(720);
  expect(waiting.at(-1)).toBe(0);
});
