import { type SQL, sql } from "drizzle-orm";
import { PgDialect, type PgDatabase } from "drizzle-orm/pg-core";
import { drizzle, type PostgresJsQueryResultHKT } from "drizzle-orm/postgres-js";
import postgres, { type Sql, type TransactionSql } from "postgres";
import { growing } from "../contract/growing.ts";
import { endingWithConnection } from "./begin.ts";
import { type DatabaseTarget, readDatabaseUrl } from "./databaseUrl.ts";
import { defaultsOf, differ, learnFrom, modesOf } from "./defaults.ts";
import type { DirectLink } from "./directLink.ts";
import { NamedStatements } from "./named.ts";
import { Sessions } from "./sessions.ts";

/**
 * The only file of the running system that creates clients of the database driver; the files beside it correct the
 * driver's errors. Everything else gets a `Db` (or a transaction, which is one too).
 * Session state is never used: the edge may reach Postgres through a pooler that gives each transaction another
 * session. `bigint` columns are read as numbers: all of them stay far below 2^53.
 */
export type Db = PgDatabase<PostgresJsQueryResultHKT>;

export type Connection = {
  db: Db;
  /** Runs a hot statement as a named one if sessions are proven to be exclusive (named.ts): then it takes one round trip. */
  prepared<Row extends Record<string, unknown>>(statement: SQL): Promise<Row[]>;
  /** Closes the connections; a running statement gets `graceSeconds` (default 5). */
  close(graceSeconds?: number): Promise<void>;
};

export type ConnectOptions = {
  /** The maximum number of connections. A Worker's client serves one request; a server's serves all. */
  max?: number;
  /** Gets the text of every statement, never its parameters. For tests that count round trips. */
  onStatement?: (text: string) => void;
  /** What the connections are made of and bounded by, if they are a server's own (src/db/directLink.ts). */
  link?: DirectLink;
};

type Parameters = postgres.ParameterOrJSON<never>[];
type Use = (tx: TransactionSql) => Promise<unknown>;

const dialect = new PgDialect();

/** The longest delay before a reconnect. The driver's own 20 s is longer than most failovers. */
const LONGEST_BACKOFF_SECONDS = 0.5;

/**
 * Opens a client; the first statement connects. `url` is a postgres:// connection string.
 * @throws Error without the URL in it, if that is malformed
 */
export function connect(url: string, options: ConnectOptions = {}): Connection {
  const target = readDatabaseUrl(url);
  if ("problem" in target) throw new Error(`the database's URL cannot be used: ${target.problem}`);
  const { onStatement, link } = options;
  const defaults = defaultsOf(placeOf(target));
  const named = new NamedStatements();
  const sessions = new Sessions(() => {
    const client: Sql = postgres({
      ...driverOptions(target, options),
      onclose: () => named.forget(client),
    });
    // It sets on the client it is given how dates and JSON come and go: as text.
    drizzle({ client });
    return endingWithConnection(client, () => ({ modes: modesOf(defaults), idleMs: link?.silentMs ?? null }));
  });

  /** Runs it on the client of the moment, and learns from how it fails. */
  async function attempt<T>(run: (client: Sql) => Promise<T>, isWhole: boolean): Promise<T> {
    const client = sessions.current;
    const before = { ...defaults };
    try {
      return await run(client);
    } catch (error) {
      const isLearnt = await learnFrom(error, before, defaults, client);
      if (!isLearnt) sessions.failed(client, error);
      if (!isLearnt || !isWhole) throw error;
    }
    return run(client);
  }

  async function say(text: string, values: Parameters, prepare: boolean) {
    const run = (to: Sql | TransactionSql) => to.unsafe(text, values, { prepare });
    return attempt(
      async (client) => (differ(defaults) ? await client.begin((tx) => run(tx)) : await run(client)),
      true,
    );
  }

  // Of the driver's client Drizzle uses these three, and nothing else while only whole statements are executed.
  const client = {
    options: sessions.current.options,
    unsafe: (text: string, values: Parameters = []) => say(text, values, false),
    // What a transaction has done outside of the database cannot be undone, so it is not tried again from here.
    begin: (use: Use) => attempt((current) => current.begin(use), false),
  } as unknown as Sql;
  const logger = onStatement && { logQuery: (text: string) => onStatement(text) };
  const db = drizzle({ client, ...(logger && { logger }) });
  return {
    db,
    prepared: async <Row extends Record<string, unknown>>(statement: SQL) => {
      const { sql: text, params } = dialect.sqlToQuery(statement);
      onStatement?.(text);
      const found: unknown = await say(text, params as Parameters, true);
      if (link !== undefined) named.prove(sessions.current);
      return [...(found as Row[])];
    },
    close: async (graceSeconds = 5) => sessions.end(graceSeconds),
  };
}

function driverOptions(target: DatabaseTarget, { max, link }: ConnectOptions) {
  return {
    // As lists, which its types leave out: it would cut an IPv6 address at its colons.
    ...({ host: [target.host], port: [target.port] } as object),
    ...(target.user === "" ? {} : { username: target.user }),
    ...(target.password === "" ? {} : { password: target.password }),
    ...(target.database === "" ? {} : { database: target.database }),
    ssl: target.ssl,
    connection: target.parameters,
    max: max ?? 10,
    connect_timeout: 5,
    idle_timeout: link?.idle_timeout ?? 60,
    backoff: (failures: number) => growing(0.01, LONGEST_BACKOFF_SECONDS, failures, 3),
    fetch_types: false,
    prepare: false,
    onnotice: () => {},
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    ...(link === undefined ? {} : { socket: link.socket }),
  };
}

/** The role, the database and the server, without the password. */
function placeOf({ user, host, port, database }: DatabaseTarget): string {
  return JSON.stringify([user, host, port, database]);
}

/** The rows of a raw statement, typed by the caller beside the SQL it wrote. */
export async function rows<Row extends Record<string, unknown>>(db: Db, statement: SQL): Promise<Row[]> {
  const found: unknown = await db.execute(statement);
  return [...(found as Row[])];
}

/** `a, b, c` as parameters, for `in (…)`; an empty list matches nothing. */
export function listOf(values: readonly (string | number)[]): SQL {
  return values.length === 0
    ? sql`null`
    : sql.join(
        values.map((value) => sql`${value}`),
        sql`, `,
      );
}

/** A timestamp column as the ISO string the contract speaks, null staying null. */
export function iso(column: SQL): SQL {
  return sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
