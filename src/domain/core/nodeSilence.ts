import { type SQL, sql } from "drizzle-orm";
import { SETTINGS } from "./limits.ts";
import { silenceSecondsOf } from "./nodeSettings.ts";

/**
 * Whether a node is heard, judged at the moment of the question. The sweep writes the state `silent` and acts on it, up to
 * a sweep late; whoever shows a node, hands out a machine of it or makes one there judges by the time instead, so that
 * "online" never stands beside "heard 2m ago". `n` is the alias of the node's row.
 */
const ago = (seconds: SQL) => sql`now() - make_interval(secs => ${seconds}::float8)`;

/** Its relay was not heard for as long as makes it silent, whatever its state says so far. */
export function isUnheard(n: SQL = sql`n`): SQL {
  return sql`(${n}.last_seen_at <= ${ago(silenceSecondsOf(n))})`;
}

/** Its machines can be handed out. */
export function isOnline(n: SQL = sql`n`): SQL {
  return sql`(${n}.state = 'online' and ${n}.last_seen_at > ${ago(silenceSecondsOf(n))})`;
}

/** It was heard, and is not any more. */
export function isSilent(n: SQL = sql`n`): SQL {
  return sql`(${n}.state = 'silent' or ${n}.state in ('online', 'returning') and ${isUnheard(n)})`;
}

/** Its state as it is shown. */
export function stateNow(n: SQL = sql`n`): SQL {
  return sql`case when ${isSilent(n)} then 'silent' else ${n}.state end`;
}

/** Nothing speaks against its relay: a claim takes a machine of such a node first. */
export function heardLately(n: SQL = sql`n`): SQL {
  return sql`(${n}.last_seen_at > ${ago(sql`${SETTINGS.heardLatelySeconds}`)})`;
}
