import { index, jsonb, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";
import type { Recipe } from "../../contract/recipe.ts";

/** Every content a recipe has had; the one put last is the current one. */
export const recipes = pgTable(
  "recipes",
  {
    name: text("name").notNull(),
    /** The first 16 hex digits of the SHA-256 of its content. */
    version: text("version").notNull(),
    content: jsonb("content").$type<Recipe>().notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    putAt: timestamp("put_at", { withTimezone: true }).notNull().defaultNow(),
    /** Removed by an admin: no pool may name it any more; what an assignment began with stays readable. */
    removedAt: timestamp("removed_at", { withTimezone: true }),
  },
  (table) => [
    primaryKey({ columns: [table.name, table.version] }),
    index("recipes_current").on(table.name, table.putAt.desc()),
  ],
);
