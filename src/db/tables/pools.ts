import { sql } from "drizzle-orm";
import { boolean, check, integer, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import type { PoolCondition, PoolSpec } from "../../contract/pool.ts";

/** The operator's spec, and what the system remembers about applying it. */
export const pools = pgTable(
  "pools",
  {
    name: text("name").primaryKey(),
    spec: jsonb("spec").$type<PoolSpec>().notNull(),
    targetSize: integer("target_size")
      .notNull()
      .generatedAlwaysAs(sql`(spec ->> 'targetSize')::integer`),
    maxSize: integer("max_size")
      .notNull()
      .generatedAlwaysAs(sql`(spec ->> 'maxSize')::integer`),
    /** Hash of the part of the spec that defines a machine: a machine with another hash is stale. */
    machineSpec: text("machine_spec").notNull(),
    paused: boolean("paused").notNull().default(false),
    /** Failed creates since the last successful one, and the earliest time of the next. */
    createFailures: integer("create_failures").notNull().default(0),
    createNotBefore: timestamp("create_not_before", { withTimezone: true }),
    conditions: jsonb("conditions").$type<PoolCondition[]>().notNull().default([]),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    /** Removed by an admin: no machine is created or assigned, and the pool is shown only until its last machine is proven gone. */
    removedAt: timestamp("removed_at", { withTimezone: true }),
  },
  (table) => [
    check("pools_sizes", sql`${table.targetSize} >= 0 and ${table.maxSize} >= ${table.targetSize}`),
    check("pools_name", sql`${table.name} = ${table.spec} ->> 'name'`),
  ],
);
