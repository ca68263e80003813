import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  integer,
  jsonb,
  pgSequence,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import type { InstallationSettings } from "../../contract/settings.ts";
import type { Duty } from "../../contract/sweep.ts";
import type { TokenRole } from "../../contract/token.ts";

/**
 * Fencing tokens: every lease gets a higher one than all before it, so that whoever sees two can tell which is
 * the later. Gaps are harmless.
 */
export const fencing = pgSequence("fencing", { startWith: 1 });

/** One row: who this installation is. `installation` is the ownership mark on every machine. */
export const settings = pgTable(
  "settings",
  {
    only: boolean("only").primaryKey().default(true),
    installation: uuid("installation").notNull().defaultRandom(),
    /** What an operator has set; see src/pool/installationSettings.ts. */
    tuned: jsonb("tuned").$type<Partial<InstallationSettings>>().notNull().default({}),
    /** The pool of callers who name none, by an admin's word; one that is removed counts as none. */
    defaultPool: text("default_pool"),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [check("settings_only_one", sql`${table.only}`)],
);

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

/** The heartbeat of each duty of the sweep. */
export const duties = pgTable("duties", {
  duty: text("duty").$type<Duty>().primaryKey(),
  lastStartAt: timestamp("last_start_at", { withTimezone: true }).notNull(),
  lastEndAt: timestamp("last_end_at", { withTimezone: true }),
  outcome: text("outcome").$type<"done" | "failed">(),
  changes: integer("changes").notNull().default(0),
  error: text("error"),
});
