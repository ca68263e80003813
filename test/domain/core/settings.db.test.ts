import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolHistoryInput } from "../../../src/contract/history.ts";
import { type SettingName, SETTING_BOUNDS, settingsPutInput } from "../../../src/contract/settings.ts";
import { RUN } from "../../../src/cron/duties.ts";
import { rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { extendAssignment } from "../../../src/domain/assignments/extend.ts";
import { readPage } from "../../../src/domain/assignments/page.ts";
import { DEFAULTS, getSettings, putSettings } from "../../../src/domain/core/settings.ts";
import { readHistory } from "../../../src/domain/metrics/history.ts";
import { thinSamples } from "../../../src/domain/metrics/sample.ts";
import { rollUp } from "../../../src/domain/metrics/tally.ts";
import { testDb } from "../../helpers/db.ts";
import { startReceiver } from "../webhook/receiver.ts";
import { ADMIN, APP, KEY_A, makeWorld } from "../../helpers/world.ts";

/** What an operator sets of the installation, and that it counts where a constant did. */

const ALICE = { username: "alice", sshKeys: [KEY_A] };
const HOUR = 3600;

test("settings: nothing set → the defaults; some set → those, on record, and the others stay", async () => {
  await using t = await testDb();
  expect(await getSettings(t.db)).toEqual(DEFAULTS);
  const after = await putSettings(t.db, { extendCeilingSeconds: HOUR }, ADMIN);
  expect(after).toEqual({ ...DEFAULTS, extendCeilingSeconds: HOUR });
  await putSettings(t.db, { orphanKeepSeconds: 0 }, ADMIN);
  expect(await getSettings(t.db)).toEqual({ ...after, orphanKeepSeconds: 0 });
  await putSettings(t.db, { orphanKeepSeconds: 0 }, ADMIN);
  expect(
    await rows(
      t.db,
      sql`select actor, data -> 'after' as after from events where kind = 'settings' order by id`,
    ),
  ).toEqual([
    { actor: ADMIN, after },
    { actor: ADMIN, after: { ...after, orphanKeepSeconds: 0 } },
  ]);
});

test.each(Object.entries(SETTING_BOUNDS))(
  "%s: beyond its bounds, or no whole number → refused",
  (name, { min, max }) => {
    const takes = (value: unknown) => settingsPutInput.safeParse({ [name]: value }).success;
    expect([takes(min), takes(max), takes(DEFAULTS[name as SettingName])]).toEqual([true, true, true]);
    expect([min - 1, max + 1, min + 0.5, String(min), null].filter(takes)).toEqual([]);
  },
);

test("settings: none named, or one that there is not → refused", () => {
  expect(settingsPutInput.safeParse({}).success).toBe(false);
  expect(settingsPutInput.safeParse({ eventRetention: 3 }).success).toBe(false);
});

test("extendCeilingSeconds: lower → an extension above it is refused, and the page offers no more", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, {
    targetSize: 1,
    maxSize: 1,
    assignmentTtlSeconds: HOUR,
    testerTtlSeconds: 5 * HOUR,
  });
  await relay.workOff();
  const { assignment } = await assign(t.connection, ALICE, APP);
  await relay.workOff();
  await t.db.execute(sql`
    insert into tester_pages (assignment, hash, expires_at) values (${assignment.id}, 'h', now() + interval '1 day')`);
  const offered = async () => (await readPage(t.connection, assignment.id, "h"))?.extend;
  expect(await offered()).toEqual({ maxTtlSeconds: 5 * HOUR });
  await putSettings(t.db, { extendCeilingSeconds: 2 * HOUR }, ADMIN);
  expect(await offered()).toEqual({ maxTtlSeconds: 2 * HOUR });
  await expect(extendAssignment(t.db, assignment.id, 2 * HOUR + 1, APP)).rejects.toMatchObject({
    code: "BAD_REQUEST",
    message: expect.stringContaining("must be at most 7200") as string,
  });
  expect(await extendAssignment(t.db, assignment.id, 2 * HOUR, APP)).toMatchObject({ state: "active" });
});

test("extendCeilingSeconds: higher → an extension above the default is given", async () => {
  await using t = await testDb();
  await (await makeWorld(t.db, { targetSize: 1, maxSize: 1 })).workOff();
  const { assignment } = await assign(t.connection, { ...ALICE, ttlSeconds: HOUR }, APP);
  const above = DEFAULTS.extendCeilingSeconds + HOUR;
  await putSettings(t.db, { extendCeilingSeconds: above }, ADMIN);
  await extendAssignment(t.db, assignment.id, above, APP);
  expect(await rows(t.db, sql`select ttl_seconds from assignments`)).toEqual([{ ttl_seconds: above }]);
});

test("waitingTooLongSeconds: somebody waits for longer → the webhook is told, and not before", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 0, maxSize: 1 });
  await assign(t.connection, ALICE, APP);
  await using hook = await startReceiver();
  const toldAfter = async (seconds: number) => {
    await t.db.execute(sql`update assignments set created_at = now() - make_interval(secs => ${seconds})`);
    await RUN.deliver(t.db, hook.receiver);
    return hook.got.filter(({ body }) => body.includes("assignment.waiting")).length;
  };
  await putSettings(t.db, { waitingTooLongSeconds: HOUR }, ADMIN);
  expect(await toldAfter(HOUR - 60)).toBe(0);
  await putSettings(t.db, { waitingTooLongSeconds: 5 }, ADMIN);
  expect(await toldAfter(10)).toBe(1);
});

test("eventRetentionDays: events and finished operations that are older → go, younger ones stay", async () => {
  await using t = await testDb();
  await (await makeWorld(t.db, { targetSize: 1 })).workOff();
  await rollUp(t.db);
  await t.db.execute(sql`update events set at = at - interval '10 days'`);
  await t.db.execute(sql`update operations set finished_at = finished_at - interval '10 days'`);
  const left = async () => {
    await RUN.prune(t.db);
    const [count] = await rows<{ events: number; finished: number }>(
      t.db,
      sql`select (select count(*)::int from events where kind = 'machine') as events,
        (select count(*)::int from operations where finished_at is not null) as finished`,
    );
    return count;
  };
  const before = await left();
  expect(before?.events).toBeGreaterThan(0);
  await putSettings(t.db, { eventRetentionDays: 11 }, ADMIN);
  expect(await left()).toEqual(before);
  await putSettings(t.db, { eventRetentionDays: 9 }, ADMIN);
  expect(await left()).toEqual({ events: 0, finished: 0 });
});

test("historyRetentionDays: samples that are older → go, younger ones stay and are shown", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  await t.db.execute(sql`insert into pool_samples (pool, at, machines, waiting, claims, durations)
    select 'demo', now() - n * interval '1 day', '{}', 0, '{}', '{}' from generate_series(35, 38) n`);
  const left = async () => {
    await thinSamples(t.db);
    return (await rows(t.db, sql`select 1 from pool_samples`)).length;
  };
  await putSettings(t.db, { historyRetentionDays: 40 }, ADMIN);
  expect(await left()).toBe(4);
  const { hours } = poolHistoryInput.parse({ pool: "demo", hours: 40 * 24 });
  expect((await readHistory(t.db, { pool: "demo", hours })).at).toHaveLength(3);
  await putSettings(t.db, { historyRetentionDays: 36 }, ADMIN);
  expect(await left()).toBe(1);
});
