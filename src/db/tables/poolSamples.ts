import { index, integer, jsonb, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

/**
 * What the metrics of a pool were, once a minute, for charts. Machines and testers are those of the moment; claims and
 * durations are all that was ever counted until then, as in `tallies`: what happened between two samples is their
 * difference, whichever samples between them have been thinned out.
 */
export const poolSamples = pgTable(
  "pool_samples",
  {
    pool: text("pool").notNull(),
    /** The full minute. */
    at: timestamp("at", { withTimezone: true }).notNull(),
    /** By state, those that are not there left out. */
    machines: jsonb("machines").$type<Record<string, number>>().notNull(),
    waiting: integer("waiting").notNull(),
    /** By outcome. */
    claims: jsonb("claims").$type<Record<string, number>>().notNull(),
    /** By metric: of each bucket its upper bound in seconds and what lies in it alone. */
    durations: jsonb("durations").$type<Record<string, [le: number | null, count: number][]>>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.pool, table.at] }), index("pool_samples_at").on(table.at)],
);
