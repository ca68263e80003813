import { sql } from "drizzle-orm";
import { type Db, rows } from "../../src/db/client.ts";

const FAR = "interval '1000 years'";

/**
 * Lets time pass for a database whose only clock is its rows: every moment written in it is that much longer ago.
 * So hours take no time, and durations come out as they would have.
 */
export async function passTime(db: Db, seconds: number): Promise<void> {
  const columns = await rows<{ table: string; sets: string; isUnique: boolean }>(
    db,
    sql`select table_name as "table",
        string_agg(format('%1$I = %1$I - make_interval(secs => %2$s)', column_name, ${seconds}::float8), ', ') as sets,
        bool_or(exists (select 1 from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
          where i.indisunique and i.indrelid = format('public.%I', table_name)::regclass and a.attname = column_name))
          as "isUnique"
      from information_schema.columns
      where table_schema = 'public' and data_type = 'timestamp with time zone' and is_generated = 'NEVER'
      group by table_name`,
  );
  await db.transaction(async (tx) => {
    for (const { table, sets, isUnique } of columns) {
      const update = (text: string) => tx.execute(sql`update ${sql.identifier(table)} set ${sql.raw(text)}`);
      // By way of the far past, for no row may come where another one still is.
      if (isUnique) await update(sets.replaceAll(/make_interval\([^)]*\)/g, FAR));
      await update(isUnique ? sets.replaceAll("- make_interval", `+ ${FAR} - make_interval`) : sets);
    }
  });
}
