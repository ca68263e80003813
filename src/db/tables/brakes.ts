import { sql } from "drizzle-orm";
import { check, integer, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { nodes } from "./nodes.ts";

/**
 * A node on which most machines stopped answering at once. The row is the brake: while it stands unreleased nothing of
 * the node is torn down; released, it stays until most answer again, so that the same dead do not trip it anew.
 */
export const brakes = pgTable(
  "brakes",
  {
    node: text("node")
      .primaryKey()
      .references(() => nodes.name, { onDelete: "cascade" }),
    since: timestamp("since", { withTimezone: true }).notNull().defaultNow(),
    /** What tripped it: so many dead of those that could be asked, and what one of them said. */
    dead: integer("dead").notNull(),
    answered: integer("answered").notNull(),
    cause: text("cause"),
    /** Canaries that failed, and when the next may be tried. */
    canaryTries: integer("canary_tries").notNull().default(0),
    canaryNotBefore: timestamp("canary_not_before", { withTimezone: true }).notNull().defaultNow(),
    /** Why the last canary failed: a code of the create's result, and its words. */
    canaryFailure: text("canary_failure"),
    canaryError: text("canary_error"),
    /** The suspect that was taken down to make room for the canary: one at most. */
    madeRoom: uuid("made_room"),
    /** When strikes began to count again, and who said so: the node, by a canary that got ready, or an admin. */
    releasedAt: timestamp("released_at", { withTimezone: true }),
    releasedBy: text("released_by"),
  },
  (table) => [check("brakes_released", sql`(${table.releasedAt} is null) = (${table.releasedBy} is null)`)],
);
