import { codedCause } from "./failure.ts";

type Place = { host: string; port: number };

/** The system's and the driver's codes if a server was not reached, in words. */
const UNREACHED = new Map([
  ["ECONNREFUSED", "nothing listens there"],
  ["ECONNRESET", "the connection was lost"],
  ["ENOTFOUND", "there is no host of that name"],
  ["EAI_AGAIN", "the host name cannot be resolved now"],
  ["EHOSTUNREACH", "there is no route to the host"],
  ["ENETUNREACH", "there is no route to its network"],
  ["ETIMEDOUT", "it does not answer"],
  ["CONNECT_TIMEOUT", "it does not answer"],
  ["CONNECTION_CLOSED", "the connection was closed"],
]);

/** What to do, by the code that Postgres gives, or its first two characters. */
const ADVICE = new Map([
  ["28", "set the right user and password in DATABASE_URL"],
  ["3D000", "create the database, or name another one in DATABASE_URL"],
  ["42501", "migrate as a role that owns the database, or grant it the right"],
  ["25006", "migrate the primary: this one is read-only"],
  ["42P07", "is this another program's database? Name an empty one in DATABASE_URL"],
]);

/**
 * Why a migration failed, in a sentence: what, why, what to do. What Postgres itself says is quoted, which names roles and
 * tables and no password; the statement is not.
 */
export function migrateFailure(error: unknown, { host, port }: Place): string {
  const place = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const cause = codedCause(error);
  if (cause === null) {
    const first = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    return `the database at ${place} was not migrated: ${first}`;
  }
  const unreached = UNREACHED.get(cause.code);
  if (unreached !== undefined) {
    return `cannot reach the database at ${place}: ${unreached}; is it running, and is DATABASE_URL right?`;
  }
  const advice = ADVICE.get(cause.code) ?? ADVICE.get(cause.code.slice(0, 2));
  const said = `${cause.message} (${cause.code})`;
  return `the database at ${place} was not migrated: ${said}${advice === undefined ? "" : `; ${advice}`}`;
}
