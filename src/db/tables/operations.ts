import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import type { OperationKind, OperationState } from "../../contract/operation.ts";
import { assignments } from "./assignments.ts";
import { machines } from "./machines.ts";
import { nodes } from "./nodes.ts";
import { uncountedOperation } from "./uncounted.ts";

/** What an operation knows of a machine that has no row, by the machine's name on its node. */
export type PendingRecord = { machine: string } & Record<string, unknown>;

/** One unit of work for a relay. `token` is the fence: only the lease with the row's number may change anything. */
export const operations = pgTable(
  "operations",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    kind: text("kind").$type<OperationKind>().notNull(),
    state: text("state").$type<OperationState>().notNull().default("queued"),
    node: text("node")
      .notNull()
      .references(() => nodes.name),
    machine: uuid("machine").references(() => machines.id),
    assignment: uuid("assignment").references(() => assignments.id),
    /** For a probe: the suspects that it rechecks. Null: all machines of the node. */
    scope: text("scope").$type<"suspects">(),
    /** Of an import and of its undoing, whose machine has no row: the record (src/domain/imports/pending.ts). */
    record: jsonb("record").$type<PendingRecord>(),
    attempt: integer("attempt").notNull().default(0),
    token: bigint("token", { mode: "number" }),
    session: uuid("session"),
    leaseUntil: timestamp("lease_until", { withTimezone: true }),
    firstLeasedAt: timestamp("first_leased_at", { withTimezone: true }),
    notBefore: timestamp("not_before", { withTimezone: true }).notNull().defaultNow(),
    /** The result of the last attempt, as text for people. */
    error: text("error"),
    result: jsonb("result").$type<Record<string, unknown>>(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    finishedAt: timestamp("finished_at", { withTimezone: true }),
    /** Whether the sweep has added it to `tallies`, once it is finished. */
    counted: boolean("counted").notNull().default(false),
  },
  (table) => [
    uniqueIndex("operations_one_live_per_machine")
      .on(table.machine)
      .where(sql`state in ('queued', 'leased', 'cancelling')`),
    uniqueIndex("operations_one_live_probe_per_node")
      .on(table.node)
      .where(sql`kind = 'probe' and scope is null and state in ('queued', 'leased', 'cancelling')`),
    uniqueIndex("operations_one_live_recheck_per_node")
      .on(table.node)
      .where(sql`kind = 'probe' and scope = 'suspects' and state in ('queued', 'leased', 'cancelling')`),
    /** A machine is not marked and unmarked at once, nor twice. */
    uniqueIndex("operations_one_live_import_per_machine")
      .on(table.node, sql`(${table.record} ->> 'machine')`)
      .where(sql`record is not null and state in ('queued', 'leased', 'cancelling')`),
    check(
      "operations_scope",
      sql`${table.scope} is null or (${table.kind} = 'probe' and ${table.scope} = 'suspects')`,
    ),
    /** For leases: the live operations of a node. */
    index("operations_live")
      .on(table.node, table.kind)
      .where(sql`state in ('queued', 'leased', 'cancelling')`),
    index("operations_finished")
      .on(table.finishedAt)
      .where(sql`finished_at is not null`),
    index("operations_uncounted").on(table.id).where(uncountedOperation),
    check(
      "operations_kind",
      sql`${table.kind} in ('create', 'setup', 'delete', 'restart', 'cut', 'import', 'unmark', 'probe')`,
    ),
    check(
      "operations_state",
      sql`${table.state} in ('queued', 'leased', 'cancelling', 'succeeded', 'failed', 'cancelled')`,
    ),
    check(
      "operations_lease",
      sql`${table.state} not in ('leased', 'cancelling') or (${table.token} is not null and ${table.session} is not null and ${table.leaseUntil} is not null)`,
    ),
    check(
      "operations_subject",
      sql`(${table.kind} in ('import', 'unmark', 'probe')) = (${table.machine} is null)`,
    ),
    check("operations_record", sql`(${table.kind} in ('import', 'unmark')) = (${table.record} is not null)`),
    check("operations_setup_is_for", sql`(${table.kind} = 'setup') = (${table.assignment} is not null)`),
    check(
      "operations_finished",
      sql`(${table.state} in ('succeeded', 'failed', 'cancelled')) = (${table.finishedAt} is not null)`,
    ),
  ],
);
