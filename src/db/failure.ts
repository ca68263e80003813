/**
 * Tells "the database cannot be asked now" from "the statement was wrong". Driver and pooler wrap each other's
 * errors, so the whole chain of causes is read. Sources: PostgreSQL error codes, appendix A; postgres.js error codes.
 */
const UNAVAILABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "53300", // too_many_connections
  "53400", // configuration_limit_exceeded
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
  "57014", // query_canceled: a statement timeout
  "55P03", // lock_not_available
  "25006", // read_only_sql_transaction: a standby after a failover
]);

/** Chances to run into each other that go away when the transaction is run again. */
const CONFLICTING = new Set(["40001", "40P01"]);

/** True where the database was out of reach, full, starting or stopping: asking again later may work. */
export function isUnavailable(error: unknown): boolean {
  return chain(error).some(
    (link) =>
      UNAVAILABLE.has(link.code) ||
      link.code.startsWith("08") ||
      CONFLICTING.has(link.code) ||
      /connection attempt failed|network connection lost|connection (?:terminated|closed)|stream was cancelled|proxy request failed/i.test(
        link.message,
      ),
  );
}

/** True where a value is none that its column takes (data exceptions and broken constraints): the caller's, not the database's. */
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

/**
 * What may be said of an error in a log or a heartbeat. Drizzle's own message holds the SQL and its parameters, so
 * of a failed query only the server's code and the constraint are kept; nothing of it is ever for callers.
 */
export function describeFailure(error: unknown): string {
  const links = chain(error);
  const coded = links.find((link) => link.code !== "");
  const kind = error instanceof Error ? error.name : typeof error;
  if (coded !== undefined) {
    return `${kind}: database error ${coded.code}${coded.constraint === "" ? "" : ` on ${coded.constraint}`}`;
  }
  if (links.some((link) => link.message.startsWith("Failed query"))) return `${kind}: a query failed`;
  return links.length === 0 ? kind : `${kind}: ${links[0]?.message ?? ""}`;
}
