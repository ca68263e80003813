import { sql } from "drizzle-orm";
import { rows } from "../../src/db/client.ts";

/** Every row of every table as one value to compare, but for when a token was last used. */
export async function everything(db: Parameters<typeof rows>[0]): Promise<unknown> {
  const tables = await rows<{ name: string }>(
    db,
    sql`select tablename as name from pg_tables where schemaname = 'public'`,
  );
  const content: Record<string, unknown> = {};
  for (const { name } of tables) {
    const [row] = await rows<{ all: unknown }>(
      db,
      sql`select coalesce(jsonb_agg(to_jsonb(x) - 'last_used_at' order by to_jsonb(x)::text), '[]') as all from ${sql.identifier(name)} x`,
    );
    content[name] = row?.all;
  }
  return content;
}
