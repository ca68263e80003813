import { sql } from "drizzle-orm";
import {
  check,
  index,
  integer,
  jsonb,
  pgTable,
  smallint,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import type { WebhookMessage } from "../../contract/webhook.ts";

/** Messages for the webhook's receiver: written together with the change, delivered after it. */
export const webhookMessages = pgTable(
  "webhook_messages",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    type: text("type").$type<WebhookMessage["type"]>().notNull(),
    data: jsonb("data").$type<WebhookMessage["data"]>().notNull(),
    /** For messages that are sent once: a second one with the same value is not stored. */
    once: text("once"),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    notBefore: timestamp("not_before", { withTimezone: true }).notNull().defaultNow(),
    attempts: integer("attempts").notNull().default(0),
    /** The last attempt: when, the HTTP status if there was a response, and if it failed why, as text for people. */
    triedAt: timestamp("tried_at", { withTimezone: true }),
    httpStatus: smallint("http_status"),
    error: text("error"),
    outcome: text("outcome").$type<"delivered" | "given_up">(),
    endedAt: timestamp("ended_at", { withTimezone: true }),
  },
  (table) => [
    uniqueIndex("webhook_messages_once").on(table.once),
    index("webhook_messages_due")
      .on(table.attempts, table.createdAt)
      .where(sql`ended_at is null`),
    index("webhook_messages_ended")
      .on(table.endedAt)
      .where(sql`ended_at is not null`),
    index("webhook_messages_latest").on(sql`coalesce(tried_at, created_at)`),
    check("webhook_messages_outcome", sql`(${table.outcome} is null) = (${table.endedAt} is null)`),
    check("webhook_messages_outcomes", sql`${table.outcome} in ('delivered', 'given_up')`),
  ],
);
