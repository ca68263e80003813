import { type SQL, sql } from "drizzle-orm";
import { SETTINGS } from "./limits.ts";

/**
 * What an operator sets of a node, as SQL: `n` is the alias of the node's row. What was never set has its default, which
 * for the concurrency its driver may name.
 */

/** How many creates and deletes are worked on at a time. */
export function concurrencyOf(n: SQL = sql`n`): SQL {
  return sql`coalesce(${n}.concurrency, ${n}.driver_concurrency, ${SETTINGS.nodeConcurrency}::int)`;
}

/** After how many seconds without a word from its relay it is silent. */
export function silenceSecondsOf(n: SQL = sql`n`): SQL {
  return sql`coalesce(${n}.silence_seconds, ${SETTINGS.silenceSeconds}::int)`;
}
