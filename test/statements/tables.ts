import { type SQL, sql } from "drizzle-orm";
import { getTableConfig, type PgTable } from "drizzle-orm/pg-core";
import { TABLES } from "../../scripts/docs/columns.ts";
import { connect } from "../../src/db/client.ts";
import { databaseNamed } from "../helpers/databaseName.ts";

/**
 * A database in which no statement runs, but each is prepared: its tables are those of src/db/tables as they are written,
 * whatever the migrations have made of them. So a column that is renamed there alone is missing here.
 * @param template the run's migrated database
 * @returns its URL
 */
export async function makeTablesDatabase(serverUrl: string, template: string): Promise<string> {
  // Named after the template, with which it is dropped.
  const name = `${template}_tables`;
  const admin = connect(serverUrl, { max: 1 });
  try {
    await admin.db.execute(
      sql`create database ${sql.identifier(name)} template ${sql.identifier(template)} strategy file_copy`,
    );
  } finally {
    await admin.close();
  }
  const url = databaseNamed(serverUrl, name);
  const tables = connect(url, { max: 1 });
  try {
    await tables.db.transaction(async (tx) => {
      await tx.execute(sql`drop table ${sql.join([...TABLES], sql`, `)} cascade`);
      for (const table of TABLES) await tx.execute(created(table));
      await tx.execute(CHECKED);
      await tx.execute(UNFIT);
    });
  } finally {
    await tables.close();
  }
  return url;
}

/** As much of a table as an analysis of a statement reads: by a primary key, `group by` knows the other columns. */
function created(table: PgTable): SQL {
  const { columns, primaryKeys } = getTableConfig(table);
  const keys = [
    ...columns.filter(({ primary }) => primary),
    ...primaryKeys.flatMap((one) => one.columns),
  ].map(({ name }) => sql.identifier(name));
  const parts = columns.map((column) => {
    // Its sequence has statements of its own.
    const identity = column.generatedIdentity === undefined ? "" : " generated always as identity";
    return sql`${sql.identifier(column.name)} ${sql.raw(column.getSQLType() + identity)}`;
  });
  if (keys.length > 0) parts.push(sql`primary key (${sql.join(keys, sql`, `)})`);
  return sql`create table ${table} (${sql.join(parts, sql`, `)})`;
}

/** What one of the run's workers has prepared, no other one prepares again. */
const CHECKED = sql`create table checked (hash text primary key)`;

/**
 * Gives those of the statements that cannot be prepared, with the reason. Preparing analyses a statement, and neither plans nor
 * runs it.
 */
const UNFIT = sql.raw(`
  create function unfit(statements text[]) returns table (statement text, reason text, hint text) language plpgsql as $$
  declare
    one text;
  begin
    -- One worker at a time: two that note the same statements in another order would wait for each other.
    lock table checked in exclusive mode;
    foreach one in array statements loop
      insert into checked values (md5(one)) on conflict do nothing;
      continue when not found;
      begin
        execute 'prepare seen as ' || one;
        deallocate seen;
      exception when others then
        get stacked diagnostics reason = message_text, hint = pg_exception_hint;
        statement := one;
        return next;
      end;
    end loop;
  end $$`);
