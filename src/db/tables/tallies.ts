import { bigint, doublePrecision, jsonb, numeric, pgTable, primaryKey, text } from "drizzle-orm/pg-core";

/**
 * What has been counted since the installation began, by metric and labels: the sums that outlive the pruning of what
 * they were counted from. A counter has one row, a histogram one for each bucket, each with its own part only (not
 * added up as Prometheus shows them). `le` is the bucket's upper bound in seconds, so that other bounds in a later
 * version leave what was counted before where it belongs.
 */
export const tallies = pgTable(
  "tallies",
  {
    metric: text("metric").notNull(),
    labels: jsonb("labels").$type<Record<string, string>>().notNull(),
    le: doublePrecision("le").notNull(),
    count: bigint("count", { mode: "number" }).notNull(),
    /** Seconds, added up; 0 for a counter. Exact: floating point would come out smaller now and then, by the order. */
    sum: numeric("sum", { mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.metric, table.labels, table.le] })],
);
