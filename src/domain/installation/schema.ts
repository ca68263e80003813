import { getTableColumns, getTableName, sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { assignments } from "../../db/tables/assignments.ts";
import { setupLogs } from "../../db/tables/setupLogs.ts";
import { testers } from "../../db/tables/testers.ts";
import { brakes } from "../../db/tables/brakes.ts";
import { idempotencyKeys } from "../../db/tables/idempotencyKeys.ts";
import { duties } from "../../db/tables/duties.ts";
import { settings } from "../../db/tables/settings.ts";
import { tokens } from "../../db/tables/tokens.ts";
import { machines } from "../../db/tables/machines.ts";
import { nodes } from "../../db/tables/nodes.ts";
import { events } from "../../db/tables/events.ts";
import { operations } from "../../db/tables/operations.ts";
import { pools } from "../../db/tables/pools.ts";
import { poolSamples } from "../../db/tables/poolSamples.ts";
import { recipes } from "../../db/tables/recipes.ts";
import { sessions } from "../../db/tables/sessions.ts";
import { testerPages } from "../../db/tables/testerPages.ts";
import { tallies } from "../../db/tables/tallies.ts";
import { webhookMessages } from "../../db/tables/webhookMessages.ts";
import { webhookReceiver } from "../../db/tables/webhookReceiver.ts";

/** Every table that this version has statements for; a test holds the list to what the migrations make. */
const TABLES = [
  ...[assignments, brakes, duties, events, idempotencyKeys, machines, nodes, operations, pools],
  ...[poolSamples, recipes, sessions, settings, setupLogs, tallies, testerPages, testers, tokens],
  ...[webhookMessages, webhookReceiver],
];

const WANTED: { table: string; column: string }[] = TABLES.flatMap((table) =>
  Object.values(getTableColumns(table)).map((column) => ({
    table: getTableName(table),
    column: column.name,
  })),
);

/**
 * The columns, as `TABLE.COLUMN`, that this version needs and the database lacks: none in one that is migrated as far, or
 * further. An installation of which one migration is missing may serve most calls; this shows it before the others fail.
 */
export async function missingColumns(db: Db): Promise<string[]> {
  const found = await rows<{ missing: string }>(
    db,
    sql`select w."table" || '.' || w."column" as missing
      from jsonb_to_recordset(${JSON.stringify(WANTED)}::jsonb) as w("table" text, "column" text)
      where not exists (select 1 from pg_attribute a
        where a.attrelid = to_regclass(quote_ident(w."table")) and a.attname = w."column" and not a.attisdropped)
      order by 1`,
  );
  return found.map(({ missing }) => missing);
}
