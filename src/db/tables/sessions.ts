import { sql } from "drizzle-orm";
import { check, index, pgTable, text, timestamp, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { tokens } from "./tokens.ts";

/**
 * Who is signed in to the dashboard (`session`), and links that sign in once (`code`), by the SHA-256 of their secrets.
 * Each stands for a token and ends with it. The bootstrap token is in no table: `mark` is a hash of the secret and that
 * token, which only the bearer of the secret can make again.
 */
export const sessions = pgTable(
  "sessions",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    kind: text("kind").$type<"session" | "code">().notNull(),
    hash: text("hash").notNull(),
    token: uuid("token").references(() => tokens.id, { onDelete: "cascade" }),
    mark: text("mark"),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    expiresAt: timestamp("expires_at", { withTimezone: true }).notNull(),
  },
  (table) => [
    uniqueIndex("sessions_hash").on(table.hash),
    index("sessions_token").on(table.token),
    index("sessions_expiry").on(table.expiresAt),
    check("sessions_kind", sql`${table.kind} in ('session', 'code')`),
    check("sessions_token_or_mark", sql`(${table.token} is null) = (${table.mark} is not null)`),
  ],
);
