import { sql } from "drizzle-orm";
import { inject, onTestFinished, TestRunner } from "vitest";
import { connect } from "../../src/db/client.ts";
import type { Connection, ConnectOptions, Db } from "../../src/db/client.ts";
import { cloneName, databaseNamed } from "./databaseName.ts";

export type TestDb = AsyncDisposable & {
  db: Db;
  /** For parts that open their own connections (an API, a second process). */
  url: string;
  connection: Connection;
  close(): Promise<void>;
};

/**
 * A migrated database of the test's own: `await using t = await testDb()`. Dropped when the test has passed, whoever
 * is still connected; kept and named when it failed. Each is an installation of its own, so that tests which run
 * machines at the same time never take each other's for theirs.
 */
export async function testDb(options: ConnectOptions = {}): Promise<TestDb> {
  const test = TestRunner.getCurrentTest();
  const name = cloneName(test?.name ?? "suite");
  const url = databaseNamed(inject("serverUrl"), name);
  await onServer(sql`create database ${sql.identifier(name)} template ${sql.identifier(inject("template"))}`);
  const drop = () => onServer(sql`drop database ${sql.identifier(name)} with (force)`);
  const connection = connect(url, options);
  await connection.db.execute(sql`update settings set installation = gen_random_uuid()`);
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    await connection.close();
    if (test === undefined) await drop();
  };
  if (test !== undefined) {
    // Whether the test failed is only known after its own scope has been left.
    onTestFinished(async ({ task }) => {
      await close();
      if (task.result?.state === "fail") console.error(`kept the database of the failed test: ${name}`);
      else await drop();
    });
  }
  return { db: connection.db, url, connection, close, [Symbol.asyncDispose]: close };
}

async function onServer(statement: ReturnType<typeof sql>): Promise<void> {
  const server = connect(inject("serverUrl"), { max: 1 });
  try {
    await server.db.execute(statement);
  } finally {
    await server.close();
  }
}
