import { fileURLToPath } from "node:url";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as applyMigrations } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";

/** Any number, the same for all migrators: the lock that makes two of them take turns ("warmpool" in hex, cut). */
const LOCK = 0x7761726d;

/**
 * Brings the database to the schema of this checkout. Two at once take turns; one that finds nothing to do changes
 * nothing. Uses an advisory lock, so it needs a direct connection, not the edge's pooler.
 */
export async function migrate(url: string): Promise<void> {
  const client = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    const db = drizzle(client);
    await db.execute(sql`select pg_advisory_lock(${LOCK})`);
    await applyMigrations(db, { migrationsFolder: fileURLToPath(new URL("../../drizzle", import.meta.url)) });
    await db.execute(sql`insert into settings default values on conflict do nothing`);
  } finally {
    await client.end({ timeout: 5 });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const url = process.env["DATABASE_URL"];
  if (url === undefined || url === "") {
    console.error(
      "warmpool migrate: DATABASE_URL is not set; set it to the postgres:// URL of the database to migrate",
    );
    process.exit(2);
  }
  await migrate(url);
  console.log("The database is up to date.");
}
