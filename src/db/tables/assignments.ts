import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import type { Assignment, AssignmentState } from "../../contract/assignment.ts";
import { machines } from "./machines.ts";
import { recipes } from "./recipes.ts";
import { testers } from "./testers.ts";

/** A value that only the edge can read (src/domain/secrets/keys.ts). */
type Sealed = { key: string; iv: string; text: string };

export type SetupStep = { step: number; steps: number; title: string; percent: number; text?: string };

/** A tester's claim to a machine, from the request to the release. */
export const assignments = pgTable(
  "assignments",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    /** The place in the queue, which swaps do not change. */
    seq: bigint("seq", { mode: "number" }).notNull().generatedAlwaysAsIdentity(),
    pool: text("pool").notNull(),
    username: text("username").notNull(),
    externalId: text("external_id"),
    state: text("state").$type<AssignmentState>().notNull(),
    machine: uuid("machine").references(() => machines.id),
    sshKeys: jsonb("ssh_keys").$type<string[]>().notNull(),
    params: jsonb("params").$type<Record<string, string>>().notNull().default({}),
    /** Secret parameters, encrypted; erased after a successful set-up and at release. */
    secrets: jsonb("secrets").$type<Record<string, Sealed>>().notNull().default({}),
    /** Keyed hashes of the secret parameters, to compare a repeated request; erased at release. */
    secretMarks: jsonb("secret_marks")
      .$type<Record<string, { key: string; text: string }>>()
      .notNull()
      .default({}),
    recipe: text("recipe").notNull(),
    recipeVersion: text("recipe_version").notNull(),
    ttlSeconds: integer("ttl_seconds"),
    outputs: jsonb("outputs").$type<Record<string, string>>().notNull().default({}),
    step: jsonb("step").$type<SetupStep>(),
    attempt: integer("attempt").notNull().default(0),
    /**
     * When the current machine was claimed, when its set-up was requested (at the claim, and at each retry), and when
     * the relay first logged in for it.
     */
    claimedAt: timestamp("claimed_at", { withTimezone: true }),
    setupAt: timestamp("setup_at", { withTimezone: true }),
    loggedInAt: timestamp("logged_in_at", { withTimezone: true }),
    swaps: integer("swaps").notNull().default(0),
    /** The `traceparent` that its set-ups continue (docs/traces.md). */
    trace: text("trace"),
    error: jsonb("error").$type<NonNullable<Assignment["error"]>>(),
    /** What the hand-over check read back from the machine. */
    handover: jsonb("handover").$type<{ hostKey: string; keys: Record<string, string[]> }>(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    activeAt: timestamp("active_at", { withTimezone: true }),
    /** When it failed, while it is `failed`. */
    failedAt: timestamp("failed_at", { withTimezone: true }),
    /** When it expires, and when that is announced beforehand (src/domain/core/expiry.ts). */
    expiresAt: timestamp("expires_at", { withTimezone: true }),
    warnAt: timestamp("warn_at", { withTimezone: true }),
    releasedAt: timestamp("released_at", { withTimezone: true }),
    accessEndedAt: timestamp("access_ended_at", { withTimezone: true }),
  },
  (table) => [
    foreignKey({ columns: [table.pool, table.username], foreignColumns: [testers.pool, testers.username] }),
    foreignKey({
      columns: [table.recipe, table.recipeVersion],
      foreignColumns: [recipes.name, recipes.version],
    }),
    uniqueIndex("assignments_one_live_per_tester")
      .on(table.pool, table.username)
      .where(sql`state <> 'released'`),
    uniqueIndex("assignments_one_live_per_machine")
      .on(table.machine)
      .where(sql`state <> 'released'`),
    index("assignments_line")
      .on(table.pool, table.seq)
      .where(sql`state = 'waiting'`),
    index("assignments_machine").on(table.machine),
    index("assignments_expiry")
      .on(table.expiresAt)
      .where(sql`state in ('active', 'failed')`),
    index("assignments_warnings")
      .on(table.warnAt)
      .where(sql`warn_at is not null`),
    index("assignments_claims").on(table.pool, table.createdAt),
    index("assignments_newest").on(table.seq),
    /** A tester's latest assignment, which every assign, status and watcher reads. */
    index("assignments_tester").on(table.pool, table.username, table.seq),
    /** The last ones of a kind, by which estimates go: how long a set-up took, and how long a machine was kept. */
    index("assignments_set_up")
      .on(table.recipe, table.recipeVersion, table.seq)
      .where(sql`active_at is not null`),
    index("assignments_held")
      .on(table.pool, table.seq)
      .where(sql`state = 'released' and claimed_at is not null`),
    check(
      "assignments_state",
      sql`${table.state} in ('waiting', 'setting_up', 'active', 'failed', 'released')`,
    ),
    check(
      "assignments_holds_machine",
      sql`${table.state} = 'released' or (${table.state} = 'waiting') = (${table.machine} is null)`,
    ),
    check("assignments_released", sql`(${table.state} = 'released') = (${table.releasedAt} is not null)`),
    check("assignments_failed_says_why", sql`${table.state} <> 'failed' or ${table.error} is not null`),
  ],
);
