import { integer, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import type { Duty } from "../../contract/sweep.ts";

/** The heartbeat of each duty of the sweep. */
export const duties = pgTable("duties", {
  duty: text("duty").$type<Duty>().primaryKey(),
  lastStartAt: timestamp("last_start_at", { withTimezone: true }).notNull(),
  lastEndAt: timestamp("last_end_at", { withTimezone: true }),
  outcome: text("outcome").$type<"done" | "failed">(),
  changes: integer("changes").notNull().default(0),
  error: text("error"),
});
