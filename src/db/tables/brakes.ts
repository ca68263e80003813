import { sql } from "drizzle-orm";
import { check, integer, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { nodes } from "./nodes.ts";

/**
 * A node on which most machines stopped responding at once. The row is the brake: until it is released, no machine of
 * the node is torn down; after that it stays until most respond again, so that the same dead machines do not trip it again.
 */
export const brakes = pgTable(
  "brakes",
  {
    node: text("node")
      .primaryKey()
      .references(() => nodes.name, { onDelete: "cascade" }),
    since: timestamp("since", { withTimezone: true }).notNull().defaultNow(),
    /** What tripped it: the dead among the probed machines, and the cause of one of them. */
    dead: integer("dead").notNull(),
    answered: integer("answered").notNull(),
    cause: text("cause"),
    /** Failed canaries, and the earliest time of the next one. */
    canaryTries: integer("canary_tries").notNull().default(0),
    canaryNotBefore: timestamp("canary_not_before", { withTimezone: true }).notNull().defaultNow(),
    /** Why the last canary failed: the code of the create's result, and its message. */
    canaryFailure: text("canary_failure"),
    canaryError: text("canary_error"),
    /** The suspect that was torn down to make room for the canary: at most one. */
    madeRoom: uuid("made_room"),
    /** When strikes count again, and who released the brake: the node, by a ready canary, or an admin. */
    releasedAt: timestamp("released_at", { withTimezone: true }),
    releasedBy: text("released_by"),
  },
  (table) => [check("brakes_released", sql`(${table.releasedAt} is null) = (${table.releasedBy} is null)`)],
);
