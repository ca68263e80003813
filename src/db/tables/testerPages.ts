import { index, pgTable, text, timestamp, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { assignments } from "./assignments.ts";

/** The link to a tester's page by the SHA-256 of its secret: one for each assignment, the latest. */
export const testerPages = pgTable(
  "tester_pages",
  {
    assignment: uuid("assignment")
      .primaryKey()
      .references(() => assignments.id, { onDelete: "cascade" }),
    hash: text("hash").notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    expiresAt: timestamp("expires_at", { withTimezone: true }).notNull(),
  },
  (table) => [
    uniqueIndex("tester_pages_hash").on(table.hash),
    index("tester_pages_expiry").on(table.expiresAt),
  ],
);
