import { randomUUID } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import { inject, onTestFinished, TestRunner } from "vitest";
import { connect } from "../../src/db/client.ts";
import type { Connection, ConnectOptions, Db } from "../../src/db/client.ts";
import { cloneName, databaseNamed } from "./databaseName.ts";
import { cloned, giveBack, letGo, takeDatabase } from "./recycled.ts";

export type TestDb = AsyncDisposable & {
  db: Db;
  /** For parts that open their own connections (an API, a second process). */
  url: string;
  connection: Connection;
  close(): Promise<void>;
};

/**
 * A migrated database of the test's own: `await using t = await testDb()`. When the test has passed, whoever is still
 * connected is cut off and the next test has it (recycled.ts); when it failed, it is kept and named. Each is an installation of its own, so that tests which run
 * machines at the same time never take each other's for theirs.
 */
export async function testDb(
  options: ConnectOptions = {},
  template: string = inject("template"),
): Promise<TestDb> {
  const test = TestRunner.getCurrentTest();
  if (test === undefined) return suiteDb(options, template);
  const database = await takeDatabase(template, onServer);
  const { url } = database;
  const connection = Object.keys(options).length === 0 ? database.connection() : connect(url, options);
  await connection.db.execute(sql`update settings set installation = gen_random_uuid()`);
  // Whether the test failed is only known after its own scope has been left.
  onTestFinished(async ({ task }) => {
    await connection.close();
    if (task.result?.state !== "fail") {
      if (!(await giveBack(database))) await onServer(dropped(database.name));
      return;
    }
    await letGo(database);
    const name = cloneName(test.name);
    await onServer(
      sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${database.name}`,
    );
    await onServer(sql`alter database ${sql.identifier(database.name)} rename to ${sql.identifier(name)}`);
    console.error(`kept the database of the failed test: ${name}`);
  });
  const close = () => connection.close();
  return { db: connection.db, url, connection, close, [Symbol.asyncDispose]: close };
}

/** For what is no test's own: dropped when it is closed. */
async function suiteDb(options: ConnectOptions, template: string): Promise<TestDb> {
  const name = cloneName("suite");
  const url = databaseNamed(inject("serverUrl"), name);
  await onServer(cloned(name, template));
  const connection = connect(url, options);
  await connection.db.execute(sql`update settings set installation = gen_random_uuid()`);
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    await connection.close();
    await onServer(dropped(name));
  };
  return { db: connection.db, url, connection, close, [Symbol.asyncDispose]: close };
}

/**
 * A template with rows in it, made once a worker and cloned by every test that wants them: furnishing takes a hundred
 * statements, cloning takes one. The run's end drops it with the template it was made from.
 * @param furnish puts the rows there, and leaves no connection of its own behind
 * @returns gives the template's name, for `testDb`
 */
export function furnishedTemplate(furnish: (db: Db, url: string) => Promise<void>): () => Promise<string> {
  let made: Promise<string> | null = null;
  const make = async () => {
    const name = `${inject("template")}_${randomUUID().slice(0, 8)}`;
    await onServer(cloned(name, inject("template")));
    const url = databaseNamed(inject("serverUrl"), name);
    const connection = connect(url);
    try {
      await furnish(connection.db, url);
    } finally {
      await connection.close();
    }
    return name;
  };
  return () => (made ??= make());
}

function dropped(name: string): SQL {
  return sql`drop database ${sql.identifier(name)} with (force)`;
}

/** One a worker; it ends with the worker. */
let server: Connection | null = null;

async function onServer(statement: SQL): Promise<void> {
  server ??= connect(inject("serverUrl"), { max: 1 });
  await server.db.execute(statement);
}
