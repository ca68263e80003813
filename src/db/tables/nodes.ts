import { sql } from "drizzle-orm";
import { bigint, check, integer, jsonb, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import type { ProbeAnswer } from "../../contract/machine.ts";
import type {
  KeptInventory,
  NodeScheduling,
  NodeState,
  OrphanBrake,
  OrphanWait,
} from "../../contract/node.ts";
import type { Listing } from "../../contract/listing.ts";

/** A probe result other than `alive`; all others follow from the time of the node's last probe. */
export type NotAlive = {
  answer: Exclude<ProbeAnswer, "alive">;
  cause: string | null;
  /** When the first of these probes started. */
  since: string;
  /** What its node reports for certain: it is stopped, or it does not exist. */
  down?: "stopped" | "absent";
  /** Fingerprint of the presented host key, if it belongs to no known machine. */
  presented?: string;
};

/**
 * For a shape, what the node's inventory looked like when it had settled after the refusal, null until it has; and what
 * its driver said, null in a row from before that was kept.
 */
export type FullFor = Record<string, { since: string; inventory: string | null; message?: string }>;

/**
 * An orphan that a node shows: since when every complete listing did, who said that it may be torn down, and what keeps
 * it from going by itself, if anything does.
 */
export type Sighting = {
  since: string;
  confirmedBy: string | null;
  waits?: OrphanWait;
  of?: string;
  username?: string;
};

/** By the kind of driver call. */
export type DriverProblems = Partial<Record<"list" | "capacity", { message: string; since: string }>>;

/** A host whose relay creates machines. A sweep without problems writes only this row and no machine's. */
export const nodes = pgTable(
  "nodes",
  {
    name: text("name").primaryKey(),
    state: text("state").$type<NodeState | "removed">().notNull().default("enrolled"),
    /** Whether machines may be created on it, independent of whether its relay is heard. */
    scheduling: text("scheduling").$type<NodeScheduling>().notNull().default("open"),
    /** The operator's labels, which pools may require. Sorted, without duplicates. */
    labels: jsonb("labels").$type<string[]>().notNull().default([]),
    /** What the operator has set of it; null is the default (src/domain/core/nodeSettings.ts). */
    concurrency: integer("concurrency"),
    silenceSeconds: integer("silence_seconds"),
    /** The relay process that may hold leases; a newer one supersedes it. */
    session: uuid("session"),
    sessionAt: timestamp("session_at", { withTimezone: true }),
    lastSeenAt: timestamp("last_seen_at", { withTimezone: true }),
    driver: text("driver"),
    driverVersion: text("driver_version"),
    relayVersion: text("relay_version"),
    /** The relay's public key, with which it logs in as root on every machine of this node. */
    sshPublicKey: text("ssh_public_key"),
    /** The highest number of a machine whose create its relay has leased; see src/domain/orphans/restoredBackup.ts. */
    highestMachineNumber: bigint("highest_machine_number", { mode: "number" }).notNull().default(0),
    inventory: jsonb("inventory").$type<KeptInventory>(),
    inventoryAt: timestamp("inventory_at", { withTimezone: true }),
    /** The default of its concurrency, if its driver names one; out of the inventory, which is large to read. */
    driverConcurrency: integer("driver_concurrency"),
    /** Shapes that the node refused for lack of room, by name; see src/domain/capacity/refusals.ts. */
    full: jsonb("full").$type<FullFor>().notNull().default({}),
    /** Of its last listing when it began; what it showed is judged when it comes in. */
    listing: jsonb("listing").$type<Pick<Listing, "startedAt">>(),
    lastProbeAt: timestamp("last_probe_at", { withTimezone: true }),
    /** The last probe's results of machines that were not alive, by machine id. */
    notAlive: jsonb("not_alive").$type<Record<string, NotAlive>>().notNull().default({}),
    /** The orphans in its last complete listing, by name; see src/domain/orphans/orphans.ts. */
    orphans: jsonb("orphans").$type<Record<string, Sighting>>().notNull().default({}),
    /** The errors of its driver; see src/domain/health/driverProblem.ts. */
    driverProblems: jsonb("driver_problems").$type<DriverProblems>().notNull().default({}),
    /** While set, only orphans that a person has named are torn down. */
    orphanBrake: jsonb("orphan_brake").$type<OrphanBrake>(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    check("nodes_state", sql`${table.state} in ('enrolled', 'online', 'returning', 'silent', 'removed')`),
    check("nodes_scheduling", sql`${table.scheduling} in ('open', 'draining')`),
    check("nodes_removed_speaks_no_more", sql`${table.state} <> 'removed' or ${table.session} is null`),
  ],
);
