import { index, integer, jsonb, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

/**
 * The metrics of a pool, once a minute, for charts. Machines and testers are current numbers; claims and
 * durations are totals, as in `tallies`: the change between two samples is their
 * difference, even if samples between them were removed.
 */
export const poolSamples = pgTable(
  "pool_samples",
  {
    pool: text("pool").notNull(),
    /** The full minute. */
    at: timestamp("at", { withTimezone: true }).notNull(),
    /** By state, without zeros. */
    machines: jsonb("machines").$type<Record<string, number>>().notNull(),
    waiting: integer("waiting").notNull(),
    /** By outcome. */
    claims: jsonb("claims").$type<Record<string, number>>().notNull(),
    /** By metric: of each bucket its upper bound in seconds and what lies in it alone. */
    durations: jsonb("durations").$type<Record<string, [le: number | null, count: number][]>>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.pool, table.at] }), index("pool_samples_at").on(table.at)],
);
