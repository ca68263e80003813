import { type SQL, sql } from "drizzle-orm";
import { SETTINGS } from "./limits.ts";
import { silenceSecondsOf } from "./nodeSettings.ts";

/**
 * Whether a node counts as heard now. The sweep writes the state `silent` and acts on it, up to
 * one sweep late; code that shows a node, claims a machine of it or creates one there goes by the time instead, so that
 * "online" is never shown next to "heard 2m ago". `n` is the alias of the node's row.
 */
const ago = (seconds: SQL) => sql`now() - make_interval(secs => ${seconds}::float8)`;

/** Its relay was not heard for as long as makes it silent, whatever its state says so far. */
export function isUnheard(n: SQL = sql`n`): SQL {
  return sql`(${n}.last_seen_at <= ${ago(silenceSecondsOf(n))})`;
}

/** Its machines can be assigned. */
export function isOnline(n: SQL = sql`n`): SQL {
  return sql`(${n}.state = 'online' and ${n}.last_seen_at > ${ago(silenceSecondsOf(n))})`;
}

/** It was heard, but is not heard now. */
export function isSilent(n: SQL = sql`n`): SQL {
  return sql`(${n}.state = 'silent' or ${n}.state in ('online', 'returning') and ${isUnheard(n)})`;
}

/** The state that is displayed. */
export function stateNow(n: SQL = sql`n`): SQL {
  return sql`case when ${isSilent(n)} then 'silent' else ${n}.state end`;
}

/** Its relay was heard recently: machines of such nodes are claimed first. */
export function heardLately(n: SQL = sql`n`): SQL {
  return sql`(${n}.last_seen_at > ${ago(sql`${SETTINGS.heardLatelySeconds}`)})`;
}
