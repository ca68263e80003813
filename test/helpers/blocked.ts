import { sql } from "drizzle-orm";
import { type Db, rows } from "../../src/db/client.ts";
import { until } from "./until.ts";

/** Until a statement of the test's database waits for a row. */
export async function waitsForLock(db: Db): Promise<void> {
  await until("a statement that waits for a lock", async () => {
    const waiting = await rows(
      db,
      sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return waiting.length > 0;
  });
}
