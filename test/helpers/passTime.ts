import { sql } from "drizzle-orm";
import { type Db, rows } from "../../src/db/client.ts";

/**
 * Lets time pass for a database whose only clock is its rows: every moment written in it is that much longer ago.
 * So hours take no time, and durations come out as they would have.
 */
export async function passTime(db: Db, seconds: number): Promise<void> {
  const columns = await rows<{ table: string; sets: string }>(
    db,
    sql`select table_name as "table",
        string_agg(format('%1$I = %1$I - make_interval(secs => %2$s)', column_name, ${seconds}::float8), ', ') as sets
      from information_schema.columns
      where table_schema = 'public' and data_type = 'timestamp with time zone' and is_generated = 'NEVER'
      group by table_name`,
  );
  await db.transaction(async (tx) => {
    for (const { table, sets } of columns) {
      await tx.execute(sql`update ${sql.identifier(table)} set ${sql.raw(sets)}`);
    }
  });
}
