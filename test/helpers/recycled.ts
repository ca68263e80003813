import { randomUUID } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import { inject } from "vitest";
import { type Connection, connect, rows } from "../../src/db/client.ts";
import { databaseNamed } from "./databaseName.ts";

/**
 * Databases that tests use one after the other, each as if it had just been cloned, with sessions that stay open. To clone
 * one, to start sessions and to let each read the catalogue anew costs ten times what a test does with them.
 *
 * After a test that passed everything in the database is put back as it was. One whose schema, settings or statistics are
 * not what they were, or in which something is still going on, is dropped instead.
 */
export type Recycled = {
  name: string;
  url: string;
  /** Of its own for whoever asks, over the sessions that stay. Closing it does nothing. */
  connection(): Connection;
};

type Kept = Recycled & { template: string; sessions: Connection; schema: string };

/** Tells the sessions that stay from those that a test has opened. */
const STAYS = "warmpool-test-stays";

/** Of each template, those that no test of this worker uses now. */
const free = new Map<string, Kept[]>();
const inUse = new Map<string, Kept>();

/** @param onServer runs a statement in the server's maintenance database */
export async function takeDatabase(
  template: string,
  onServer: (statement: SQL) => Promise<void>,
): Promise<Recycled> {
  const kept = free.get(template)?.pop() ?? (await made(template, onServer));
  inUse.set(kept.url, kept);
  return kept;
}

/** The sessions that stay, for whoever reaches a test's database by its own URL; null for any other. */
export function staying(url: string): Connection | null {
  return inUse.get(url)?.connection() ?? null;
}

/** @returns whether the database is as it was, and free for the next test; if not, it is the caller's to drop */
export async function giveBack({ url }: Recycled): Promise<boolean> {
  const kept = inUse.get(url);
  if (kept === undefined) return false;
  inUse.delete(url);
  const { sessions, schema, template } = kept;
  try {
    if (!(await endOthers(sessions)) || (await schemaOf(sessions)) !== schema)
      throw new Error("it was changed");
    await sessions.db.execute(PUT_BACK);
  } catch {
    // What cannot even be asked is not as it was.
    await sessions.close(0);
    return false;
  }
  free.set(template, [...(free.get(template) ?? []), kept]);
  return true;
}

/** Leaves a database to its failed test: nothing holds it, or puts it back. */
export async function letGo({ url }: Recycled): Promise<void> {
  const kept = inUse.get(url);
  inUse.delete(url);
  await kept?.sessions.close(0);
}

async function made(template: string, onServer: (statement: SQL) => Promise<void>): Promise<Kept> {
  // The run's end drops whatever is named after its template.
  const name = `${inject("template")}_${randomUUID().slice(0, 8)}`;
  await onServer(cloned(name, template));
  const url = databaseNamed(inject("serverUrl"), name);
  const named = new URL(url);
  named.searchParams.set("application_name", STAYS);
  const sessions = connect(named.href, { max: 20 });
  await sessions.db.execute(REMEMBER);
  return {
    name,
    url,
    template,
    sessions,
    schema: await schemaOf(sessions),
    connection: () => ({ ...sessions, close: async () => undefined }),
  };
}

/** Copying files takes a quarter of the CPU of the default, which writes each page to the log. */
export function cloned(name: string, template: string): SQL {
  return sql`create database ${sql.identifier(name)} template ${sql.identifier(template)} strategy file_copy`;
}

/** Ends the sessions that a test has left open. @returns false where one that stays is still at work */
async function endOthers({ db }: Connection): Promise<boolean> {
  const [found] = await rows<{ busy: number }>(
    db,
    sql`select count(*) filter (where application_name = ${STAYS} and state <> 'idle')::int as busy,
        count(case when application_name <> ${STAYS} then pg_terminate_backend(pid, 5000) end)
      from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  return found?.busy === 0;
}

/** Changes with everything that a test could have changed but rows. */
async function schemaOf({ db }: Connection): Promise<string> {
  const [found] = await rows<{ schema: string }>(
    db,
    sql`select md5(string_agg(part, ' ' order by part)) as schema from (
      select concat_ws(' ', 'column', c.relname, c.relkind, a.attname, a.atttypid, a.attnotnull, a.attisdropped, d.adbin) as part
        from pg_class c join pg_attribute a on a.attrelid = c.oid
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relnamespace = 'public'::regnamespace
      union all select concat_ws(' ', 'trigger', tgname, tgenabled) from pg_trigger
      union all select concat_ws(' ', 'constraint', conname, convalidated) from pg_constraint
      union all select concat_ws(' ', 'function', proname) from pg_proc where pronamespace = 'public'::regnamespace
      union all select concat_ws(' ', 'schema', nspname) from pg_namespace where nspname not like 'pg\\_%'
      union all select concat_ws(' ', 'setting', setrole, setconfig) from pg_db_role_setting
        where setdatabase = (select oid from pg_database where datname = current_database())
      union all select concat_ws(' ', 'statistics', s.starelid, s.staattnum) from pg_statistic s
        join pg_class c on c.oid = s.starelid where c.relnamespace = 'public'::regnamespace
      union all select concat_ws(' ', 'migrations', count(*)) from drizzle.__drizzle_migrations
    ) parts`,
  );
  return found?.schema ?? "";
}

const REMEMBER = sql.raw(`do $$
  declare t record;
  begin
    create schema snapshot;
    create table snapshot.sequences (name text, last_value bigint, is_called boolean);
    for t in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S' loop
      execute format('insert into snapshot.sequences select %L, last_value, is_called from public.%I', t.relname, t.relname);
    end loop;
    for t in select oid, relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
      and pg_relation_size(oid) > 0 loop
      execute format('create table snapshot.%I as table public.%I', 'rows_' || t.relname, t.relname);
    end loop;
  end $$`);

/** Small tables are emptied row by row, for new files cost more; neither triggers nor references have a say. */
const PUT_BACK = sql.raw(`do $$
  declare t record;
  begin
    set local session_replication_role = replica;
    for t in select relname, pg_relation_size(oid) as size from pg_class
      where relnamespace = 'public'::regnamespace and relkind = 'r' loop
      if t.size > 262144 then execute format('truncate public.%I cascade', t.relname);
      elsif t.size > 0 then execute format('delete from public.%I', t.relname);
      end if;
    end loop;
    for t in select c.relname, substr(c.relname, 6) as home, string_agg(quote_ident(a.attname), ', ') as columns
      from pg_class c join pg_attribute a on a.attrelid = format('public.%I', substr(c.relname, 6))::regclass
        and a.attnum > 0 and a.attgenerated = '' and not a.attisdropped
      where c.relnamespace = 'snapshot'::regnamespace and c.relkind = 'r' and c.relname like 'rows\\_%'
      group by c.relname loop
      execute format('insert into public.%I (%s) overriding system value select %s from snapshot.%I',
        t.home, t.columns, t.columns, t.relname);
    end loop;
    perform setval(format('public.%I', name)::regclass, last_value, is_called) from snapshot.sequences;
  end $$`);
