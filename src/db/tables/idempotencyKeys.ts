import { sql } from "drizzle-orm";
import { check, index, integer, jsonb, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

/**
 * One row for each Idempotency-Key of a token (`holder`, by the hash of its text), with the answer once there is one.
 * `fingerprint` tells the same request from another one under the same key.
 */
export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    holder: text("holder").notNull(),
    key: text("key").notNull(),
    fingerprint: text("fingerprint").notNull(),
    takenAt: timestamp("taken_at", { withTimezone: true }).notNull().defaultNow(),
    status: integer("status"),
    body: jsonb("body"),
  },
  (table) => [
    primaryKey({ columns: [table.holder, table.key] }),
    index("idempotency_keys_age").on(table.takenAt),
    check("idempotency_keys_answer", sql`${table.status} is null or ${table.status} between 200 and 499`),
  ],
);
