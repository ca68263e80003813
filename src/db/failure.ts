import { NOT_MIGRATED } from "../contract/schema.ts";

/**
 * Distinguishes "the database is unavailable" from "the statement was wrong". Driver and pooler wrap each other's
 * errors, so the whole chain of causes is read. Sources: PostgreSQL error codes, appendix A; postgres.js error codes.
 */
const UNAVAILABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ECONNABORTED",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "EADDRNOTAVAIL",
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOTFOUND",
  "EAI_AGAIN",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "57014", // query_canceled: a statement timeout
  "55P03", // lock_not_available
  "25006", // read_only_sql_transaction: a standby after a failover
]);

/**
 * Classes of codes: connection exceptions, insufficient resources (disk full, out of memory, too many connections),
 * errors of the system below Postgres (a disk that cannot be read), a server that starts or stops.
 */
const UNAVAILABLE_CLASSES = ["08", "53", "58", "57P"];

/** The errors of a session whose server should no longer be used. */
const SESSION_ENDING = ["08", "25006", "57P"];

/** The errors of a statement in a database of another version: no such table, column or schema. */
const OTHER_SCHEMA = new Set(["42P01", "42703", "3F000"]);

/** Conflicts between transactions that a retry resolves. */
const CONFLICTING = new Set(["40001", "40P01"]);

/** True if the database was unreachable, full, starting or stopping: a retry may work. */
export function isUnavailable(error: unknown): boolean {
  return chain(error).some(
    (link) =>
      UNAVAILABLE.has(link.code) ||
      UNAVAILABLE_CLASSES.some((one) => link.code.startsWith(one)) ||
      CONFLICTING.has(link.code) ||
      /connection attempt failed|network connection lost|connection (?:terminated|closed)|stream was cancelled|proxy request failed/i.test(
        link.message,
      ),
  );
}

/** True if the session should not be used again: its server stops, or is a standby since a failover. */
export function endsSession(error: unknown): boolean {
  return chain(error).some(({ code }) => SESSION_ENDING.some((one) => code.startsWith(one)));
}

/** True if the database lacks a table, a column or a schema that this version has statements for. */
export function isNotMigrated(error: unknown): boolean {
  return chain(error).some(({ code }) => OTHER_SCHEMA.has(code));
}

/** True if Postgres would not write in a session that is read-only, or in a database that is. */
export function isReadOnly(error: unknown): boolean {
  return chain(error).some(({ code }) => code === "25006");
}

/** True if two transactions of a strict isolation level ran into each other. No statement in `read committed` does. */
export function isSerializationFailure(error: unknown): boolean {
  return chain(error).some(({ code }) => code === "40001");
}

/** True if a column does not accept a value (data exceptions and violated constraints): the caller's error, not the database's. */
export function isBadValue(error: unknown): boolean {
  return chain(error).some(({ code }) => code.startsWith("22") || code.startsWith("23"));
}

function chain(error: unknown): { code: string; message: string; constraint: string }[] {
  const links: { code: string; message: string; constraint: string }[] = [];
  for (let link = error; link instanceof Error && links.length < 8; link = link.cause) {
    links.push({
      code: field(link, "code"),
      message: link.message,
      constraint: field(link, "constraint_name"),
    });
  }
  return links;
}

function field(error: Error, name: string): string {
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" ? value : "";
}

/** The innermost message of the server or the system, with the code; null if there is none. */
export function codedCause(error: unknown): { code: string; message: string } | null {
  return chain(error).findLast(({ code }) => code !== "") ?? null;
}

/**
 * The text of an error for a log or a heartbeat. Drizzle's own message contains the SQL and its parameters, so
 * for a failed query only the server's code and the constraint are kept; callers never get any of it.
 */
export function describeFailure(error: unknown): string {
  const links = chain(error);
  const coded = links.find((link) => link.code !== "");
  const kind = error instanceof Error ? error.name : typeof error;
  if (coded !== undefined) {
    const place = coded.constraint === "" ? "" : ` on ${coded.constraint}`;
    const advice = isNotMigrated(error) ? `: ${NOT_MIGRATED}` : "";
    return `${kind}: database error ${coded.code}${place}${advice}`;
  }
  if (links.some((link) => link.message.startsWith("Failed query"))) return `${kind}: a query failed`;
  return links.length === 0 ? kind : `${kind}: ${links[0]?.message ?? ""}`;
}
