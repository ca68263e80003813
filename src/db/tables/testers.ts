import { pgTable, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { pools } from "./pools.ts";

/**
 * One row per tester and pool. `assignment` is the live one: taking this slot is how concurrent requests of one
 * tester are put in order, before any machine is touched.
 */
export const testers = pgTable(
  "testers",
  {
    pool: text("pool")
      .notNull()
      .references(() => pools.name),
    username: text("username").notNull(),
    assignment: uuid("assignment"),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.pool, table.username] })],
);
