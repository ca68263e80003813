import { type SQL, sql } from "drizzle-orm";
import { PgDialect, type PgDatabase } from "drizzle-orm/pg-core";
import { drizzle, type PostgresJsQueryResultHKT } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { endingWithConnection } from "./begin.ts";
import type { DirectLink } from "./directLink.ts";

/**
 * The only file of the running system that names the database driver (src/db/migrate.ts is a command beside it, begin.ts
 * mends what it does wrong). Everything else gets a `Db` (or a transaction, which is one too).
 * No session state is used anywhere: the edge reaches Postgres through a pooler that gives each transaction another
 * session. `bigint` columns come as numbers: all of ours stay far below 2^53.
 */
export type Db = PgDatabase<PostgresJsQueryResultHKT>;

export type Connection = {
  db: Db;
  /** Runs a hot statement as a prepared one: a single round trip once the connection has seen it. */
  prepared<Row extends Record<string, unknown>>(statement: SQL): Promise<Row[]>;
  /** Ends the connections; a statement under way gets `graceSeconds` (default 5). */
  close(graceSeconds?: number): Promise<void>;
};

export type ConnectOptions = {
  /** Most connections at once. A Worker's client serves one request; a server's serves all. */
  max?: number;
  /** Sees the text of every statement, never its parameters. For tests that count round trips. */
  onStatement?: (text: string) => void;
  /** What the connections are made of and bounded by, where this is not left to a pooler (src/db/directLink.ts). */
  link?: DirectLink;
};

const dialect = new PgDialect();

/** Opens a client; the first statement connects. `url` is a postgres:// connection string. */
export function connect(url: string, options: ConnectOptions = {}): Connection {
  const client = endingWithConnection(
    postgres(url, {
      max: options.max ?? 10,
      connect_timeout: 5,
      idle_timeout: 60,
      fetch_types: false,
      onnotice: () => {},
      types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
      ...options.link,
    }),
  );
  const { onStatement } = options;
  const db = drizzle(client, onStatement ? { logger: { logQuery: (text) => onStatement(text) } } : {});
  return {
    db,
    prepared: async <Row extends Record<string, unknown>>(statement: SQL) => {
      const { sql: text, params } = dialect.sqlToQuery(statement);
      onStatement?.(text);
      const found: unknown = await client.unsafe(text, params as postgres.ParameterOrJSON<never>[], {
        prepare: true,
      });
      return [...(found as Row[])];
    },
    close: async (graceSeconds = 5) => client.end({ timeout: graceSeconds }),
  };
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
