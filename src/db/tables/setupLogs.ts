import { sql } from "drizzle-orm";
import { bigint, check, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { assignments } from "./assignments.ts";

/** A set-up's log as it came in, in pieces; offsets are bytes of the log on the machine. */
export const setupLogs = pgTable(
  "setup_logs",
  {
    assignment: uuid("assignment")
      .notNull()
      .references(() => assignments.id, { onDelete: "cascade" }),
    /** The machine it was written on: a swap starts another log. */
    machine: uuid("machine").notNull(),
    startByte: bigint("start_byte", { mode: "number" }).notNull(),
    endByte: bigint("end_byte", { mode: "number" }).notNull(),
    text: text("text").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.assignment, table.machine, table.startByte] }),
    check("setup_logs_order", sql`${table.endByte} > ${table.startByte}`),
  ],
);
