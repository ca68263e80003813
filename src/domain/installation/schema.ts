import { sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { json } from "../core/event.ts";
import { COLUMNS } from "./columns.ts";

const WANTED: { table: string; column: string }[] = Object.entries(COLUMNS).flatMap(([table, columns]) =>
  columns.split(" ").map((column) => ({ table, column })),
);

/**
 * The columns, as `TABLE.COLUMN`, that this version needs and the database lacks: none in one that is migrated as far, or
 * further. An installation of which one migration is missing may serve most calls; this shows it before the others fail.
 */
export async function missingColumns(db: Db): Promise<string[]> {
  const found = await rows<{ missing: string }>(
    db,
    sql`select w."table" || '.' || w."column" as missing
      from jsonb_to_recordset(${json(WANTED)}) as w("table" text, "column" text)
      where not exists (select 1 from pg_attribute a
        where a.attrelid = to_regclass(quote_ident(w."table")) and a.attname = w."column" and not a.attisdropped)
      order by 1`,
  );
  return found.map(({ missing }) => missing);
}
