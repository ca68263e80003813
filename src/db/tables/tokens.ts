import { sql } from "drizzle-orm";
import { check, pgTable, text, timestamp, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import type { TokenRole } from "../../contract/token.ts";

/** Bearer tokens by the SHA-256 of their text; the text itself is stored nowhere. */
export const tokens = pgTable(
  "tokens",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    name: text("name").notNull(),
    role: text("role").$type<TokenRole>().notNull(),
    /** The node a `node` or `join` token speaks for. */
    node: text("node"),
    hash: text("hash").notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    expiresAt: timestamp("expires_at", { withTimezone: true }),
    revokedAt: timestamp("revoked_at", { withTimezone: true }),
    /** A join token works once. */
    usedAt: timestamp("used_at", { withTimezone: true }),
    /** The last call with it, to a minute. */
    lastUsedAt: timestamp("last_used_at", { withTimezone: true }),
  },
  (table) => [
    uniqueIndex("tokens_hash").on(table.hash),
    check("tokens_role", sql`${table.role} in ('app', 'admin', 'viewer', 'node', 'join')`),
    check("tokens_node", sql`(${table.role} in ('node', 'join')) = (${table.node} is not null)`),
  ],
);
