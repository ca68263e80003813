import { fileURLToPath } from "node:url";
import { sql } from "drizzle-orm";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { migrate as applyMigrations } from "drizzle-orm/postgres-js/migrator";
import { connect } from "./client.ts";
import { type DatabaseTarget, readDatabaseUrl } from "./databaseUrl.ts";
import { migrateFailure } from "./migrateFailure.ts";

/** An arbitrary number, the same for all migrators: the lock that serializes them ("warmpool" in hex, truncated). */
const LOCK = 0x7761726d;

const FOLDER = fileURLToPath(new URL("../../drizzle", import.meta.url));

/**
 * Migrates the database to the schema of this checkout. Concurrent runs are serialized; one that finds nothing to do changes
 * nothing. The lock belongs to a separate transaction, while the migrations run on another session: a session lock would stay
 * behind in a pooler. So a pooler must provide two sessions at once.
 */
export async function migrate(url: string): Promise<void> {
  const connection = connect(url, { max: 2 });
  try {
    await connection.db.transaction(async (turn) => {
      // However long the one before takes, and however long this one does.
      await turn.execute(sql`set local idle_in_transaction_session_timeout = 0`);
      await turn.execute(sql`set local lock_timeout = 0`);
      await turn.execute(sql`set local statement_timeout = 0`);
      await turn.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
      await applyMigrations(connection.db as PostgresJsDatabase, { migrationsFolder: FOLDER });
      await connection.db.execute(sql`insert into settings default values on conflict do nothing`);
    });
  } finally {
    await connection.close();
  }
}

/** The command: prints one sentence on standard error if it fails, and exits with 2 if the URL is missing. */
async function main(url: string): Promise<void> {
  if (url === "")
    fail(2, "DATABASE_URL is not set; set it to the postgres:// URL of the database to migrate");
  const target = readDatabaseUrl(url);
  if ("problem" in target) fail(2, `DATABASE_URL cannot be used: ${target.problem}`);
  try {
    await migrate(url);
  } catch (error) {
    fail(1, migrateFailure(error, target satisfies DatabaseTarget));
  }
  console.log("The database is up to date.");
}

function fail(code: number, message: string): never {
  console.error(`warmpool migrate: ${message}`);
  process.exit(code);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.env["DATABASE_URL"] ?? "");
