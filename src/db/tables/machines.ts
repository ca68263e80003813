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
import type { HostKey, Cut, Hold, MachinePhase, MachineState, Receipt } from "../../contract/machine.ts";
import type { PoolSpec } from "../../contract/pool.ts";
import { pools } from "./pools.ts";
import { nodes } from "./nodes.ts";

/**
 * One VM or system container, from `provisioning` to proven gone. Its id, number and name are never reused. An orphan
 * that was adopted is a row too, in `deleting` from the start: it belongs to no pool, and has the name on its node.
 * One that was imported begins as `assigned`.
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
    /** The shape with which it was created, which it uses until it is proven gone, whatever its pool's current spec. */
    shape: jsonb("shape").$type<PoolSpec["shape"]>().notNull(),
    /** Consecutive probes with the result dead. */
    strikes: integer("strikes").notNull().default(0),
    suspectSince: timestamp("suspect_since", { withTimezone: true }),
    readyAt: timestamp("ready_at", { withTimezone: true }),
    /** What its create and its delete took, from the first lease to the end, in seconds: estimates go by these. */
    createSeconds: doublePrecision("create_seconds"),
    deleteSeconds: doublePrecision("delete_seconds"),
    /** While `held`: who holds it, since when, and their note. */
    hold: jsonb("hold").$type<Hold>(),
    /** Set while its access is cut: who cut it, and when its node had stopped it. */
    cut: jsonb("cut").$type<Cut>(),
    /** When its last restart ended: results of probes that started before are ignored. */
    restartedAt: timestamp("restarted_at", { withTimezone: true }),
    deletingSince: timestamp("deleting_since", { withTimezone: true }),
    receipt: jsonb("receipt").$type<Receipt>(),
    evidence: jsonb("evidence").$type<Record<string, string>>(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    /** For an adopted orphan: when it was adopted. */
    adoptedAt: timestamp("adopted_at", { withTimezone: true }),
    /** When it was imported with its tester: it was made elsewhere, under a name that may come back. */
    importedAt: timestamp("imported_at", { withTimezone: true }),
    /** An orphan that was adopted without a person's word is stopped, and deleted only then. */
    keepUntil: timestamp("keep_until", { withTimezone: true }),
    deletedAt: timestamp("deleted_at", { withTimezone: true }),
  },
  (table) => [
    index("machines_named").on(table.name),
    uniqueIndex("machines_made_once")
      .on(table.name)
      .where(sql`adopted_at is null and imported_at is null`),
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
    /** The only index that the claim reads: ready machines of a pool and a spec, the longest-ready first. */
    index("machines_claim")
      .on(table.pool, table.machineSpec, table.readyAt)
      .where(sql`state = 'ready'`),
    index("machines_live")
      .on(table.pool, table.state)
      .where(sql`state <> 'deleted'`),
    index("machines_node")
      .on(table.node)
      .where(sql`state <> 'deleted'`),
    /** For placement: machines that were proven gone since the node's inventory. */
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
