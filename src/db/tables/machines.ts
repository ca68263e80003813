import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import type {
  HostKey,
  Cut,
  Hold,
  MachinePhase,
  MachineState,
  ProbeAnswer,
  Receipt,
} from "../../contract/machine.ts";
import type {
  KeptInventory,
  NodeScheduling,
  NodeState,
  OrphanBrake,
  OrphanWait,
} from "../../contract/node.ts";
import type { Listing } from "../../contract/listing.ts";
import type { PoolSpec } from "../../contract/pool.ts";
import { pools } from "./pools.ts";

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
    /** The relay process that may hold leases; a newer one supersedes it. */
    session: uuid("session"),
    sessionAt: timestamp("session_at", { withTimezone: true }),
    lastSeenAt: timestamp("last_seen_at", { withTimezone: true }),
    driver: text("driver"),
    driverVersion: text("driver_version"),
    relayVersion: text("relay_version"),
    /** The relay's public key: root's way into every machine of this node. */
    sshPublicKey: text("ssh_public_key"),
    /** Of the machines whose create was given to its relay; see src/pool/highestNumber.ts. */
    highestMachineNumber: bigint("highest_machine_number", { mode: "number" }).notNull().default(0),
    inventory: jsonb("inventory").$type<KeptInventory>(),
    inventoryAt: timestamp("inventory_at", { withTimezone: true }),
    /** Shapes the node has said it has no room for, by their names; see src/pool/full.ts. */
    full: jsonb("full").$type<FullFor>().notNull().default({}),
    /** Of its last listing when it began; what it showed is judged when it comes in. */
    listing: jsonb("listing").$type<Pick<Listing, "startedAt">>(),
    lastProbeAt: timestamp("last_probe_at", { withTimezone: true }),
    /** What the last probe heard from machines that were not alive, by machine id. */
    notAlive: jsonb("not_alive").$type<Record<string, NotAlive>>().notNull().default({}),
    /** What its last complete listing showed of ours that no row knows, by name; see src/pool/orphans.ts. */
    orphans: jsonb("orphans").$type<Record<string, Sighting>>().notNull().default({}),
    /** What its driver said where it failed; see src/pool/driverProblem.ts. */
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

/**
 * One VM or system container, from `provisioning` to proven gone. Its id, number and name are never reused. An orphan
 * that was adopted is a row too, in `deleting` from its first moment: it is no pool's, and named as its node has it.
 */
export const machines = pgTable(
  "machines",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    number: bigint("number", { mode: "number" }).notNull().generatedAlwaysAsIdentity(),
    name: text("name").notNull(),
    pool: text("pool").references(() => pools.name),
    node: text("node")
      .notNull()
      .references(() => nodes.name),
    state: text("state").$type<MachineState>().notNull().default("provisioning"),
    phase: text("phase").$type<MachinePhase>(),
    /** Loopback ports for a driver that needs them: for SSH, and for what the tester opens. */
    port: integer("port"),
    httpPort: integer("http_port"),
    dialHost: text("dial_host"),
    dialPort: integer("dial_port"),
    accessHost: text("access_host"),
    accessPort: integer("access_port"),
    hostKey: jsonb("host_key").$type<HostKey>(),
    driver: text("driver"),
    driverRef: text("driver_ref"),
    machineSpec: text("machine_spec"),
    /** What it was made with, and takes until it is proven gone, whatever its pool says now. */
    shape: jsonb("shape").$type<PoolSpec["shape"]>().notNull(),
    /** Consecutive dead answers, each of another probe. */
    strikes: integer("strikes").notNull().default(0),
    suspectSince: timestamp("suspect_since", { withTimezone: true }),
    readyAt: timestamp("ready_at", { withTimezone: true }),
    /** What its create and its delete took, from the first lease to the end, in seconds: estimates go by these. */
    createSeconds: doublePrecision("create_seconds"),
    deleteSeconds: doublePrecision("delete_seconds"),
    /** While `held`: who took it out, when, and what they noted. */
    hold: jsonb("hold").$type<Hold>(),
    /** Set while nobody may get onto it: who had it stopped, and when its node had done so. */
    cut: jsonb("cut").$type<Cut>(),
    /** When its last restart ended: what a probe heard that began before says nothing. */
    restartedAt: timestamp("restarted_at", { withTimezone: true }),
    deletingSince: timestamp("deleting_since", { withTimezone: true }),
    receipt: jsonb("receipt").$type<Receipt>(),
    evidence: jsonb("evidence").$type<Record<string, string>>(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    /** When its node showed it and no row knew it. */
    adoptedAt: timestamp("adopted_at", { withTimezone: true }),
    /** An orphan that was adopted without a person's word is stopped, and deleted only then. */
    keepUntil: timestamp("keep_until", { withTimezone: true }),
    deletedAt: timestamp("deleted_at", { withTimezone: true }),
  },
  (table) => [
    index("machines_named").on(table.name),
    uniqueIndex("machines_made_once")
      .on(table.name)
      .where(sql`adopted_at is null`),
    uniqueIndex("machines_live_name")
      .on(table.name)
      .where(sql`state <> 'deleted'`),
    uniqueIndex("machines_number").on(table.number),
    uniqueIndex("machines_port")
      .on(table.node, table.port)
      .where(sql`state <> 'deleted'`),
    uniqueIndex("machines_http_port")
      .on(table.node, table.httpPort)
      .where(sql`state <> 'deleted'`),
    /** The claim reads this and nothing else: ready ones of a pool and a spec, the longest-ready first. */
    index("machines_claim")
      .on(table.pool, table.machineSpec, table.readyAt)
      .where(sql`state = 'ready'`),
    index("machines_live")
      .on(table.pool, table.state)
      .where(sql`state <> 'deleted'`),
    index("machines_node")
      .on(table.node)
      .where(sql`state <> 'deleted'`),
    /** What placing asks of the past: those gone since the node was counted. */
    index("machines_gone")
      .on(table.node, table.deletedAt)
      .where(sql`state = 'deleted'`),
    /** Whose host key a stranger presented: all there ever were, for an address outlives its machine. */
    index("machines_fingerprint")
      .on(sql`(${table.hostKey} ->> 'fingerprint')`)
      .where(sql`host_key is not null`),
    /** What a pool's last machines tell: how long they took, and why the last one failed. */
    index("machines_were_ready")
      .on(table.pool, table.number)
      .where(sql`ready_at is not null`),
    index("machines_evidence")
      .on(table.pool, table.number)
      .where(sql`evidence is not null`),
    check(
      "machines_state",
      sql`${table.state} in ('provisioning', 'ready', 'suspect', 'assigned', 'held', 'deleting', 'deleted')`,
    ),
    check("machines_gone_by_receipt", sql`(${table.state} = 'deleted') = (${table.receipt} is not null)`),
    check(
      "machines_ready_is_reachable",
      sql`${table.state} not in ('ready', 'assigned', 'suspect') or (${table.readyAt} is not null and ${table.hostKey} is not null and ${table.dialHost} is not null and ${table.dialPort} is not null and ${table.accessHost} is not null and ${table.accessPort} is not null)`,
    ),
    check("machines_suspect_since", sql`${table.state} <> 'suspect' or ${table.suspectSince} is not null`),
    check("machines_hold", sql`${table.hold} is null or ${table.state} = 'held'`),
    check(
      "machines_made_or_adopted",
      sql`case when ${table.adoptedAt} is null then ${table.pool} is not null and ${table.port} is not null and ${table.httpPort} is not null and ${table.machineSpec} is not null else ${table.pool} is null and ${table.state} in ('deleting', 'deleted') end`,
    ),
    check("machines_phase", sql`(${table.state} = 'provisioning') = (${table.phase} is not null)`),
  ],
);
