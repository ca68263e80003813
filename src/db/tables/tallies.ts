import { bigint, doublePrecision, jsonb, numeric, pgTable, primaryKey, text } from "drizzle-orm/pg-core";

/**
 * Counts since the installation was created, by metric and labels: sums that survive the pruning of the rows that
 * were counted. A counter has one row, a histogram one for each bucket, each with only its own count (not
 * cumulative as in Prometheus). `le` is the bucket's upper bound in seconds, so that other bounds in a later
 * version do not change the earlier counts.
 */
export const tallies = pgTable(
  "tallies",
  {
    metric: text("metric").notNull(),
    labels: jsonb("labels").$type<Record<string, string>>().notNull(),
    le: doublePrecision("le").notNull(),
    count: bigint("count", { mode: "number" }).notNull(),
    /** The sum in seconds; 0 for a counter. Exact, because a floating-point sum could decrease, depending on the order. */
    sum: numeric("sum", { mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.metric, table.labels, table.le] })],
);
