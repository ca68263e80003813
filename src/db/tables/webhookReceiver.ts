import { sql } from "drizzle-orm";
import { boolean, check, integer, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";

/** One row: how the receiver is doing, and who speaks to it now. Whoever holds it is the only one to send. */
export const webhookReceiver = pgTable(
  "webhook_receiver",
  {
    only: boolean("only").primaryKey().default(true),
    sender: uuid("sender"),
    busyUntil: timestamp("busy_until", { withTimezone: true }),
    /** Tries that failed in a row, and until when there is none. */
    failures: integer("failures").notNull().default(0),
    holdUntil: timestamp("hold_until", { withTimezone: true }),
    /** The SHA-256 of the URL that answered 410: nothing is sent there any more. */
    gone: text("gone"),
  },
  (table) => [check("webhook_receiver_only_one", sql`${table.only}`)],
);
