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

/** One answer of a probe that was not `alive`; the others follow from the time of the node's last probe. */
export type NotAlive = {
  answer: Exclude<ProbeAnswer, "alive">;
  cause: string | null;
  /** When the first probe began that heard no better of it. */
  since: string;
  /** What its node says of it, where that is sure: it is stopped, or it is not there. */
  down?: "stopped" | "absent";
  /** Fingerprint of the host key it presented, where that is no machine's of ours. */
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

/** By what the driver was asked. */
export type DriverProblems = Partial<Record<"list" | "capacity", { message: string; since: string }>>;

/** A host whose relay makes machines. A healthy sweep writes this row and no machine's. */
export const nodes = pgTable(
  "nodes",
  {
    name: text("name").primaryKey(),
    state: text("state").$type<NodeState | "removed">().notNull().default("enrolled"),
    /** Whether machines may be made on it; another question than whether its relay is heard. */
    scheduling: text("scheduling").$type<NodeScheduling>().notNull().default("open"),
    /** What the operator says of it; pools may ask for some of them. In order, each once. */
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
    /** The relay's public key: root's way into every machine of this node. */
    sshPublicKey: text("ssh_public_key"),
    /** Of the machines whose create was given to its relay; see src/domain/orphans/restoredBackup.ts. */
    highestMachineNumber: bigint("highest_machine_number", { mode: "number" }).notNull().default(0),
    inventory: jsonb("inventory").$type<KeptInventory>(),
    inventoryAt: timestamp("inventory_at", { withTimezone: true }),
    /** The default of its concurrency, if its driver names one; out of the inventory, which is large to read. */
    driverConcurrency: integer("driver_concurrency"),
    /** Shapes the node has said it has no room for, by their names; see src/domain/capacity/refusals.ts. */
    full: jsonb("full").$type<FullFor>().notNull().default({}),
    /** Of its last listing when it began; what it showed is judged when it comes in. */
    listing: jsonb("listing").$type<Pick<Listing, "startedAt">>(),
    lastProbeAt: timestamp("last_probe_at", { withTimezone: true }),
    /** What the last probe heard from machines that were not alive, by machine id. */
    notAlive: jsonb("not_alive").$type<Record<string, NotAlive>>().notNull().default({}),
    /** What its last complete listing showed of ours that no row knows, by name; see src/domain/orphans/orphans.ts. */
    orphans: jsonb("orphans").$type<Record<string, Sighting>>().notNull().default({}),
    /** What its driver said where it failed; see src/domain/health/driverProblem.ts. */
    driverProblems: jsonb("driver_problems").$type<DriverProblems>().notNull().default({}),
    /** While set, no orphan of the node is torn down but those that a person has named. */
    orphanBrake: jsonb("orphan_brake").$type<OrphanBrake>(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    check("nodes_state", sql`${table.state} in ('enrolled', 'online', 'returning', 'silent', 'removed')`),
    check("nodes_scheduling", sql`${table.scheduling} in ('open', 'draining')`),
    check("nodes_removed_speaks_no_more", sql`${table.state} <> 'removed' or ${table.session} is null`),
  ],
);
