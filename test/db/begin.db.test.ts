import { sql } from "drizzle-orm";
import { expect, onTestFinished, test } from "vitest";
import { connect, type Connection, type Db, rows } from "../../src/db/client.ts";
import { isUnavailable } from "../../src/db/failure.ts";
import { testDb } from "../helpers/db.ts";
import { until } from "../helpers/until.ts";

/** One connection, so that whoever comes after a lost one gets what that became. */
function oneConnection(url: string): Connection {
  const connection = connect(url, { max: 1 });
  onTestFinished(() => connection.close(0));
  return connection;
}

async function pidOf(db: Db): Promise<number> {
  const [own] = await rows<{ pid: number }>(db, sql`select pg_backend_pid() as pid`);
  return own?.pid ?? 0;
}

async function end(db: Db, pid: number): Promise<void> {
  await rows(db, sql`select pg_terminate_backend(${pid}::int)`);
  const session = sql`select 1 from pg_stat_activity where pid = ${pid}`;
  await until("the session to be gone", async () => (await rows(db, session)).length === 0);
}

/** The first statement may still be told how the last session ended. */
function answersAgain(db: Db): Promise<boolean> {
  return until("the database to be asked again", async () => (await rows(db, sql`select 1`)).length === 1);
}

test("a session that ends under a statement of a transaction fails it, and nothing else", async () => {
  await using t = await testDb();
  const { db } = oneConnection(t.url);
  const lost = db.transaction(async (tx) => {
    const pid = await pidOf(tx);
    const waiting = rows(tx, sql`select pg_sleep(30)`);
    const asleep = sql`select 1 from pg_stat_activity where pid = ${pid} and query like '%pg_sleep%'`;
    await until("it to be under way", async () => (await rows(t.db, asleep)).length === 1);
    void rows(t.db, sql`select pg_terminate_backend(${pid}::int)`);
    await waiting;
  });
  // Beyond this, an error that nobody can catch fails the run.
  expect(isUnavailable(await lost.catch((error: unknown) => error))).toBe(true);
  await answersAgain(db);
});

test("what a transaction says after its session has ended is carried out nowhere", async () => {
  await using t = await testDb();
  const { db } = oneConnection(t.url);
  const lost = db.transaction(async (tx) => {
    await end(t.db, await pidOf(tx));
    await rows(tx, sql`create table stray (id int)`).catch(() => undefined);
    await rows(tx, sql`create table stray (id int)`);
  });
  // In line for the same connection, as others are in a busy server.
  const next = until("the next one", async () => (await rows(db, sql`select 1`)).length === 1);
  expect(isUnavailable(await lost.catch((error: unknown) => error))).toBe(true);
  await next;
  expect(await rows(t.db, sql`select to_regclass('stray') as found`)).toEqual([{ found: null }]);
});

test("a transaction that fails by itself is rolled back, and its connection goes on", async () => {
  await using t = await testDb();
  const { db } = oneConnection(t.url);
  const pid = await pidOf(db);
  const failed = db.transaction(async (tx) => {
    await rows(tx, sql`create table stray (id int)`);
    throw new Error("changed my mind");
  });
  await expect(failed).rejects.toThrow("changed my mind");
  expect(await rows(db, sql`select to_regclass('stray') as found`)).toEqual([{ found: null }]);
  expect(await pidOf(db)).toBe(pid);
});
