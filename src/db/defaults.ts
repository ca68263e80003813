import type { Sql } from "postgres";
import type { Beginning } from "./begin.ts";
import { isReadOnly, isSerializationFailure } from "./failure.ts";

/**
 * What the role or the database makes the default of each transaction, if that is not what this code relies on: it
 * waits for rows that others have locked and goes on with what they have become, which only `read committed` does.
 * Transactions say so when they begin. A single statement would need three for that, so it is first said alone: in a
 * stricter isolation it reads the same and may only fail, with nothing done; from then on it gets a transaction.
 * Kept for as long as the process lives, because a Worker has a client for each request.
 */
export type Defaults = { isStrict: boolean; isReadOnly: boolean };

const learnt = new Map<string, Defaults>();

/** What is known of a role in a database. `place` names both, and the server. */
export function defaultsOf(place: string): Defaults {
  const known = learnt.get(place) ?? { isStrict: false, isReadOnly: false };
  learnt.set(place, known);
  return known;
}

/** How each transaction has to begin. */
export function modesOf({ isReadOnly: isRead }: Defaults): Beginning["modes"] {
  return `isolation level read committed${isRead ? " read write" : ""}`;
}

/** Whether statements have to be said in a transaction that sets its own modes. */
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
 * Whether it failed for a default that was not known when it was said, and is known now: said once more, it may succeed.
 * @param before what was known when it was said; others may have learnt since
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
