import { sql } from "drizzle-orm";
import { bigint, boolean, index, jsonb, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import type { EventKind } from "../../contract/event.ts";
import { uncountedEvent } from "./uncounted.ts";

/** What happened, in order, for people: no decision reads it. */
export const events = pgTable(
  "events",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    at: timestamp("at", { withTimezone: true }).notNull().defaultNow(),
    kind: text("kind").$type<EventKind>().notNull(),
    /** Who did it: `app:NAME`, `admin:NAME`, `node:NAME` or `system:DUTY`. */
    actor: text("actor").notNull(),
    /** A code from the closed list in src/domain/core/reasons.ts. */
    reason: text("reason").notNull(),
    pool: text("pool"),
    node: text("node"),
    machine: uuid("machine"),
    assignment: uuid("assignment"),
    operation: uuid("operation"),
    before: text("before"),
    after: text("after"),
    data: jsonb("data").$type<Record<string, unknown>>(),
    /** Whether the sweep has added it to `tallies`. The only column that changes. */
    counted: boolean("counted").notNull().default(false),
  },
  (table) => [
    index("events_machine")
      .on(table.machine, table.id)
      .where(sql`machine is not null`),
    index("events_assignment")
      .on(table.assignment, table.id)
      .where(sql`assignment is not null`),
    index("events_at").on(table.at),
    index("events_uncounted").on(table.id).where(uncountedEvent),
  ],
);
