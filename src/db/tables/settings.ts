import { sql } from "drizzle-orm";
import { boolean, check, jsonb, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import type { InstallationSettings } from "../../contract/settings.ts";

/** One row: who this installation is. `installation` is the ownership mark on every machine. */
export const settings = pgTable(
  "settings",
  {
    only: boolean("only").primaryKey().default(true),
    installation: uuid("installation").notNull().defaultRandom(),
    /** What an operator has set; see src/domain/core/settings.ts. */
    tuned: jsonb("tuned").$type<Partial<InstallationSettings>>().notNull().default({}),
    /** The pool of callers who name none, by an admin's word; one that is removed counts as none. */
    defaultPool: text("default_pool"),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [check("settings_only_one", sql`${table.only}`)],
);
