import postgres from "postgres";
import { type Look, lookThrough } from "./finding.ts";
import type { Planted } from "./planted.ts";

/** Every row of every table as text, as a dump would show it, and the statements that the server shows of its clients. */
export async function lookThroughDatabase(planted: Planted, url: string): Promise<Look> {
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => undefined });
  try {
    const tables = await sql<{ name: string }[]>`
      select format('%I.%I', table_schema, table_name) as name from information_schema.tables
      where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by 1`;
    const texts: [place: string, text: string][] = [];
    for (const { name } of tables) {
      const rows = await sql.unsafe<{ text: string }[]>(`select to_jsonb(t)::text as text from ${name} t`);
      for (const { text } of rows) texts.push([`a row of ${name}: ${text.slice(0, 300)}`, text]);
    }
    const statements = await sql<{ query: string }[]>`select query from pg_stat_activity where query <> ''`;
    for (const { query } of statements) texts.push(["the server's list of statements", query]);
    const rows = texts.length - statements.length;
    return { what: `${tables.length} tables, ${rows} rows`, findings: lookThrough(planted, texts) };
  } finally {
    await sql.end({ timeout: 5 });
  }
}
