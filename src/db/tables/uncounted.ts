import { sql } from "drizzle-orm";

/**
 * What the sweep has yet to add to `tallies` (src/domain/metrics/tally.ts). Indexes hold just these, so that a reading of the
 * metrics never walks through history; prune leaves them alone. Apart from the tables, whose builders no statement needs.
 */
export const uncountedEvent = sql`not counted and (kind = 'assignment' and reason in ('asked_for', 'claimed', 'swapped', 'set_up') or kind = 'machine' and reason = 'known_good')`;

export const uncountedOperation = sql`finished_at is not null and not counted`;
