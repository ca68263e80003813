import { randomUUID } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
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
export async function testDb(
  options: ConnectOptions = {},
  template: string = inject("template"),
): Promise<TestDb> {
  const test = TestRunner.getCurrentTest();
  const name = cloneName(test?.name ?? "suite");
  const url = databaseNamed(inject("serverUrl"), name);
  await onServer(cloned(name, template));
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

/** Copying files takes a quarter of the CPU of the default, which writes each page to the log. */
function cloned(name: string, template: string): SQL {
  return sql`create database ${sql.identifier(name)} template ${sql.identifier(template)} strategy file_copy`;
}

/** One a worker; it ends with the worker. */
let server: Connection | null = null;

async function onServer(statement: SQL): Promise<void> {
  server ??= connect(inject("serverUrl"), { max: 1 });
  await server.db.execute(statement);
}
