import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { webhookMessage } from "../../../src/contract/webhook.ts";
import { expire } from "../../../src/domain/assignments/expire.ts";
import { sweep } from "../../../src/cron/sweep.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign, releaseAssignment } from "../../helpers/leftToSweep.ts";
import { listEvents } from "../../../src/domain/events/list.ts";
import { extendAssignment } from "../../../src/domain/assignments/extend.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { testDb, type TestDb } from "../../helpers/db.ts";
import { passTime } from "../../helpers/passTime.ts";
import { APP, KEY_A, makeWorld } from "../../helpers/world.ts";

const ALICE = { username: "alice", sshKeys: [KEY_A] };
const HOUR = 3600;
const FAILED = {
  outcome: "setup_failed",
  reason: "step_failed",
  message: "The script ended with 3.",
} as const;

const alice = (t: TestDb) => findTester(t.db, ALICE);

const endings = async (db: Db) => {
  const { items } = await listEvents(db, { kind: "ttl", limit: 50 });
  return items.filter(({ reason }) => reason === "expiring").map(({ after }) => after);
};

const messages = async (db: Db) => {
  const stored = await rows<{ type: string; data: unknown }>(
    db,
    sql`select type, data from webhook_messages where type = 'assignment.expiring' order by created_at`,
  );
  return stored.map((one) =>
    webhookMessage.parse({ ...one, version: 1, timestamp: new Date().toISOString() }),
  );
};

describe("before an assignment ends that is told, once", () => {
  test("an active one: a tenth of its time before, by an event and a message, again after an extension", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
    await relay.workOff();
    const { assignment } = await assign(
      t.connection,
      { ...ALICE, ttlSeconds: 5 * HOUR, externalId: "order-7" },
      APP,
    );
    await relay.workOff();
    await passTime(t.db, 4.5 * HOUR - 60);
    await expire(t.db);
    expect(await endings(t.db)).toEqual([]);

    await passTime(t.db, 61);
    await Promise.all([1, 2, 3].map(() => expire(t.db)));
    await expire(t.db);
    const { expiresAt } = await alice(t);
    expect(await endings(t.db)).toEqual([{ state: "active", expiresAt }]);
    expect(await messages(t.db)).toMatchObject([
      {
        type: "assignment.expiring",
        data: { assignment: { id: assignment.id, externalId: "order-7" }, state: "active", expiresAt },
      },
    ]);

    await extendAssignment(t.db, assignment.id, 10 * HOUR, APP);
    await expire(t.db);
    expect(await endings(t.db)).toHaveLength(1);
    await passTime(t.db, 4.5 * HOUR);
    await expire(t.db);
    expect(await endings(t.db)).toHaveLength(2);
    await passTime(t.db, HOUR);
    await expire(t.db);
    expect(await alice(t)).toMatchObject({ state: "released" });
    expect(await endings(t.db)).toHaveLength(2);
    expect(await messages(t.db)).toHaveLength(2);
  });

  test("a failed one, before its machine is let go", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
    await relay.workOff();
    await assign(t.connection, ALICE, APP);
    await relay.finish(await relay.take("setup"), FAILED);
    await passTime(t.db, 23 * HOUR - 60);
    await sweep(t.db);
    expect(await endings(t.db)).toEqual([]);
    await passTime(t.db, 61);
    await sweep(t.db);
    expect(await endings(t.db)).toMatchObject([{ state: "failed" }]);
    expect(await messages(t.db)).toMatchObject([{ data: { state: "failed" } }]);
  });

  test.each([
    { ttl: 60, before: 30 },
    { ttl: 600, before: 120 },
    { ttl: 5 * HOUR, before: 1800 },
    { ttl: 300 * HOUR, before: HOUR },
  ])("of $ttl s: $before s before", async ({ ttl, before }) => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1, assignmentTtlSeconds: ttl });
    await relay.workOff();
    await assign(t.connection, ALICE, APP);
    await relay.workOff();
    const [row] = await rows<{ before: number }>(
      t.db,
      sql`select extract(epoch from expires_at - warn_at)::float8 as before from assignments`,
    );
    expect(row?.before).toBe(before);
  });

  test("one that was released, or is extended just now, is not told of", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2, assignmentTtlSeconds: 1000 });
    await relay.workOff();
    const { assignment } = await assign(t.connection, ALICE, APP);
    const other = await assign(t.connection, { ...ALICE, username: "bob" }, APP);
    await relay.workOff();
    await passTime(t.db, 950);
    await releaseAssignment(t.db, other.assignment.id, APP);
    const { swept } = await t.db.transaction(async (tx) => {
      await extendAssignment(tx, assignment.id, 4 * HOUR, APP);
      return { swept: await expire(t.db) };
    });
    expect(swept).toEqual({ released: 0, warned: 0 });
    expect(await expire(t.db)).toEqual({ released: 0, warned: 0 });
    expect(await endings(t.db)).toEqual([]);
  });
});

test("where nothing ends, the duty reads twice, by an index, and writes nothing", async () => {
  const statements: string[] = [];
  await using t = await testDb({ onStatement: (text) => statements.push(text) });
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1, assignmentTtlSeconds: HOUR });
  await relay.workOff();
  await assign(t.connection, ALICE, APP);
  await relay.workOff();
  const written = () => rows(t.db, sql`select xmin::text as by from assignments`);
  const before = await written();
  statements.length = 0;
  expect(await expire(t.db)).toEqual({ released: 0, warned: 0 });
  expect(statements).toHaveLength(2);
  expect(await written()).toEqual(before);
  const plan = await t.db.transaction(async (tx) => {
    await tx.execute(sql`set local enable_seqscan = off`);
    return rows(tx, sql`explain select id from assignments where warn_at <= now() order by warn_at`);
  });
  expect(JSON.stringify(plan)).toContain("assignments_warnings");
});
