import { sql } from "drizzle-orm";
import { expect, onTestFinished, test } from "vitest";
import { poolSpec } from "../../src/contract/pool.ts";
import { connect, rows } from "../../src/db/client.ts";
import { directLink } from "../../src/db/directLink.ts";
import { isReadOnly } from "../../src/db/failure.ts";
import { assign } from "../helpers/leftToSweep.ts";
import { putPool } from "../../src/domain/pools/pools.ts";
import { testDb, type TestDb } from "../helpers/db.ts";
import { ADMIN, APP, countStates, KEY_A, makeWorld, specOf } from "../helpers/world.ts";

/** The role's default of each new session in this database, which is what `alter role` makes it too. */
async function withDefault(t: TestDb, setting: string): Promise<void> {
  const name = sql.identifier(new URL(t.url).pathname.slice(1));
  await t.db.execute(sql`alter database ${name} set ${sql.raw(setting)}`);
}

function edge(t: TestDb) {
  const connection = connect(t.url, { max: 20, link: directLink(t.url) });
  onTestFinished(() => connection.close(0));
  return connection;
}

test.each(["serializable", "repeatable read"])(
  "a role whose default isolation is %s: 20 testers at once all get their machines",
  async (isolation) => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 10 });
    await relay.workOff();
    await withDefault(t, `default_transaction_isolation = '${isolation}'`);
    const connection = edge(t);
    const names = Array.from({ length: 20 }, (_, index) => `t${index}`);
    const given = await Promise.allSettled(
      names.map((username) => assign(connection, { username, sshKeys: [KEY_A] }, APP)),
    );
    expect(given.map(({ status }) => status)).toEqual(names.map(() => "fulfilled"));
    expect(await countStates(t.db)).toMatchObject({ assigned: 10 });
    const isolationOf = sql`select current_setting('transaction_isolation') as is`;
    expect(await connection.db.transaction((tx) => rows(tx, isolationOf))).toEqual([
      { is: "read committed" },
    ]);
  },
);

test("a role whose default is read-only: the first statement that writes finds out, and all others write", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  await withDefault(t, "default_transaction_read_only = on");
  const connection = edge(t);
  const first = await assign(connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  expect(first.assignment.state).toBe("waiting");
  await putPool(connection.db, poolSpec.parse(specOf({ targetSize: 1 })), ADMIN);
});

test("a transaction that finds out fails as unavailable, and the next one writes", async () => {
  await using t = await testDb();
  await withDefault(t, "default_transaction_read_only = on");
  const { db } = edge(t);
  const write = () =>
    db.transaction((tx) => rows(tx, sql`update settings set installation = gen_random_uuid()`));
  expect(isReadOnly(await write().catch((error: unknown) => error))).toBe(true);
  await write();
});
