import { sql } from "drizzle-orm";
import { expect, onTestFinished, test } from "vitest";
import { type Connection, connect, rows } from "../../src/db/client.ts";
import { directLink } from "../../src/db/directLink.ts";
import { assign } from "../helpers/leftToSweep.ts";
import { testDb } from "../helpers/db.ts";
import { hasPgbouncer, startPgbouncer } from "../helpers/pgbouncer.ts";
import { until } from "../helpers/until.ts";
import { APP, countStates, KEY_A, makeWorld } from "../helpers/world.ts";

const isMissing = !hasPgbouncer() && process.env["CI"] === undefined;

/** As a server of one's own has it, which cannot know what its DATABASE_URL leads to. */
function serverConnection(url: string, max = 20): Connection {
  const connection = connect(url, { max, link: directLink(url) });
  onTestFinished(() => connection.close(0));
  return connection;
}

/** Twenty statements at once, each with a text of its own, so that somebody else's row is seen for what it is. */
async function answersTo(connection: Connection, from: number): Promise<void> {
  const numbers = Array.from({ length: 20 }, (_, index) => index);
  const column = (n: number) => sql.identifier(`c${n}`);
  const answers = await Promise.all(
    numbers.map((n) => connection.prepared(sql`select ${from + n}::int as ${column(n)}`)),
  );
  expect(answers).toEqual(numbers.map((n) => [{ [`c${n}`]: from + n }]));
}

/** The names of statements that the sessions of one connection keep. */
function keptStatements({ db }: Connection): Promise<unknown[]> {
  return rows(db, sql`select name from pg_prepared_statements`);
}

test.skipIf(isMissing).each([
  ["transaction", 3],
  ["transaction", 1],
  ["session", 40],
] as const)(
  "behind PgBouncer in mode %s with %i sessions every statement gets its own rows",
  async (mode, sessions) => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 10 });
    await relay.workOff();
    await using pooler = await startPgbouncer(t.url, mode, sessions);
    const connection = serverConnection(pooler.url);
    for (const from of [0, 100, 200]) await answersTo(connection, from);
    const names = Array.from({ length: 10 }, (_, index) => `tester${index}`);
    const given = await Promise.all(
      names.map((username) => assign(connection, { username, sshKeys: [KEY_A] }, APP)),
    );
    expect(given.map(({ assignment }) => assignment.username)).toEqual(names);
    expect(new Set(given.map(({ assignment }) => assignment.machine?.name)).size).toBe(10);
    expect(await countStates(t.db)).toMatchObject({ assigned: 10 });
    await connection.db.transaction(async (tx) => {
      for (const n of [1, 2]) expect(await rows(tx, sql`select ${n}::int as n`)).toEqual([{ n }]);
    });
    // Also what the driver says by itself, such as `commit`.
    expect(await keptStatements(connection)).toEqual([]);
    await connection.close(0);
  },
);

test("a session that is proven to be ours keeps a hot statement", async () => {
  await using t = await testDb();
  const connection = serverConnection(t.url, 1);
  await until("the hot statement to be kept", async () => {
    await connection.prepared(sql`select ${1}::int as hot`);
    return (await keptStatements(connection)).length > 0;
  });
});
