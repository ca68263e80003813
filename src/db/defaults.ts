import type { Sql } from "postgres";
import type { Beginning } from "./begin.ts";
import { isReadOnly, isSerializationFailure } from "./failure.ts";

/**
 * Corrects transaction defaults of the role or the database that this code cannot work with: it
 * waits for locked rows and continues with their new values, which only `read committed` does.
 * Transactions set this when they begin. A single statement would need three round trips for that, so it is first run alone: in a
 * stricter isolation it reads the same and at worst fails without effect; from then on it gets a transaction.
 * Kept for the lifetime of the process, because a Worker has a client for each request.
 */
export type Defaults = { isStrict: boolean; isReadOnly: boolean };

const learnt = new Map<string, Defaults>();

/** What is known of a role in a database. `place` names both, and the server. */
export function defaultsOf(place: string): Defaults {
  const known = learnt.get(place) ?? { isStrict: false, isReadOnly: false };
  learnt.set(place, known);
  return known;
}

/** How each transaction must begin. */
export function modesOf({ isReadOnly: isRead }: Defaults): Beginning["modes"] {
  return `isolation level read committed${isRead ? " read write" : ""}`;
}

/** Whether statements must run in a transaction that sets its own modes. */
export function differ({ isStrict, isReadOnly: isRead }: Defaults): boolean {
  return isStrict || isRead;
}

/**
 * Only a default of the role or the database is overridden. What the server's own configuration says, or a standby, is a server
 * that must not be written to.
 */
const READ_ONLY_ROLE = `select 1 from pg_settings where name = 'default_transaction_read_only' and setting = 'on'
  and source in ('database', 'user', 'database user') and not pg_is_in_recovery()`;

/**
 * Whether it failed because of a default that was unknown when it ran and is known now: then a retry may succeed.
 * @param before what was known when it ran
 */
export async function learnFrom(
  error: unknown,
  before: Defaults,
  defaults: Defaults,
  client: Sql,
): Promise<boolean> {
  if (isSerializationFailure(error)) {
    defaults.isStrict = true;
    return !before.isStrict;
  }
  if (!isReadOnly(error) || before.isReadOnly) return false;
  try {
    defaults.isReadOnly ||= (await client.unsafe(READ_ONLY_ROLE)).length > 0;
  } catch {
    // Whoever asks next finds out; this one gets the error it had.
  }
  return defaults.isReadOnly;
}
