import * as z from "zod";
import { moment, nodeLabel, nodeName } from "./names.ts";
import { nodeConcurrency } from "./nodeSettings.ts";
import { INSTANCE_TYPES } from "./pool.ts";

/** What each says and what to do is in nodeConditions.ts, apart: a Worker needs the names alone. */
const NODE_CONDITION_TYPES = ["Heard", "DriverWorks", "Accounted"] as const;
export type NodeConditionType = (typeof NODE_CONDITION_TYPES)[number];

export const NODE_STATES = ["enrolled", "online", "returning", "silent"] as const;
/** `enrolled`: no relay yet. `returning`: heard again, but not yet listed and probed. `silent`: not heard. */
export type NodeState = (typeof NODE_STATES)[number];

/** `draining`: no machine is made on it any more. */
export const NODE_SCHEDULING = ["open", "draining"] as const;
export type NodeScheduling = (typeof NODE_SCHEDULING)[number];

export const enrollInput = z.strictObject({ name: nodeName });

export const nodeInput = z.strictObject({ name: nodeName });

/** `lost`: the host is gone for good; its machines are forgotten and their assignments released, on record. */
export const removeNodeInput = z.strictObject({ name: nodeName, lost: z.boolean().default(false) });

/** All labels that the node is to have; those that are left out it loses. */
export const labelNodeInput = z.strictObject({ name: nodeName, labels: z.array(nodeLabel).max(50) });

/** More of anything no node has, and their sums stay exact: a thousand terabytes of memory, an exabyte of disk. */
const MOST = 1_000_000_000;
const amount = z.number().min(0).max(MOST);
const whole = z.int().min(0).max(MOST);

/** A machine that stands on the node, whoever's it is, and what it is configured to take. What nothing bounds is none:
 * its use shows in what is available. Memory in MiB, disks in GiB. */
const standing = z.strictObject({
  name: z.string().max(200),
  /** Whether it carries the mark of this installation and node. */
  ours: z.boolean(),
  running: z.boolean(),
  vcpus: amount,
  memoryMib: amount,
  disks: z.array(z.strictObject({ device: z.string().max(200), gib: amount })).max(100),
  /** Whether it counts against the inventory's `limits`; left out where the driver makes one type only. */
  limited: z.boolean().default(true),
  instanceType: z.enum(INSTANCE_TYPES).optional(),
  /** How many processes it may have, where that counts against a limit. */
  processes: amount.optional(),
});

/** What a node has, as its driver reports it. Memory in MiB, disk in GiB, each device on its own. */
export const inventory = z.strictObject({
  cpus: whole,
  memoryMib: z.strictObject({ total: whole, available: whole, reserve: whole }),
  disks: z
    .array(
      z.strictObject({ name: z.string().max(200), totalGib: amount, usedGib: amount, thin: z.boolean() }),
    )
    .max(100),
  /** Every machine on the node. Where it is left out, all that the edge has booked is taken off the totals. */
  machines: z.array(standing).max(10_000).optional(),
  /** What somebody has set a bound to for all limited machines together; a bound that is left out is none. */
  limits: z
    .strictObject({
      machines: whole,
      vcpus: amount,
      memoryMib: amount,
      diskGib: amount,
      containers: z.int().min(0),
      virtualMachines: z.int().min(0),
      processes: amount,
      /** Of the disks on one device. */
      devices: z.array(z.strictObject({ device: z.string().max(200), gib: amount })).max(1000),
    })
    .partial()
    .optional(),
  /** Why every machine of that type would be refused as the node is set up, in words for the operator. */
  forbids: z
    .array(z.strictObject({ instanceType: z.enum(INSTANCE_TYPES), why: z.string().max(1000) }))
    .max(10)
    .optional(),
  /** Changes with whatever else a refusal may depend on, so that what was refused is asked again. */
  policy: z.string().max(100).optional(),
  /** What a machine takes besides its shape; what is left out is the edge's default. */
  overheads: z
    .strictObject({
      /** Virtual CPUs for each real one. */
      cpuOvercommit: z.number().min(0.1).max(100),
      memoryMib: amount,
      /** Memory that a machine takes besides while it boots. */
      bootMemoryMib: amount,
      /** A disk that each machine gets besides, whole on one device as well. */
      diskGib: amount,
      /** What the disk of a virtual machine takes besides, which counts against the limits too. */
      virtualMachineDiskGib: amount,
      /** How many processes a container may have, where that counts against a limit. */
      processes: amount,
    })
    .partial()
    .optional(),
  /** How many creates and deletes at a time suit what makes the machines; an operator's word comes before it. */
  concurrency: nodeConcurrency.optional(),
  /** For drivers that reserve nothing: what any machine takes, whatever its shape says. */
  flat: z.strictObject({ vcpus: amount, memoryMib: amount, diskGib: amount }).optional(),
});
export type Inventory = z.infer<typeof inventory>;

/**
 * An inventory as the edge keeps and shows it. Of many machines that no row knows some are named; the others are one with
 * a `count`, which may stand for disks alone.
 */
const keptInventory = inventory.extend({
  machines: z.array(standing.extend({ count: whole.optional() })).optional(),
});
export type KeptInventory = z.infer<typeof keptInventory>;

export const liftBrakeInput = z.strictObject({ name: nodeName, note: z.string().min(1).max(500).optional() });

/**
 * Set while most of the node's machines are dead, or were and do not answer again yet. Until it is released nothing of
 * the node is torn down and no machine but a canary is made there.
 */
export const nodeBrake = z.strictObject({
  since: moment,
  /** What tripped it: machines that were dead, of those that could be asked. */
  dead: z.int(),
  answered: z.int(),
  cause: z.string().nullable(),
  /** Canaries that failed, the last one's error, and when the next may be made. */
  canaryTries: z.int(),
  canaryError: z.string().nullable(),
  canaryNotBefore: moment,
  /** When strikes began to count again, and by whom: `node:NAME` for a canary that got ready, or an admin. */
  releasedAt: moment.nullable(),
  releasedBy: z.string().nullable(),
});
export type NodeBrake = z.infer<typeof nodeBrake>;

/**
 * Set while orphans of the node are not torn down by themselves, until a person has said so. `several`: so many of them
 * were seen or on their way out at once. `behind`: its relay has seen machines of higher numbers than the database knew,
 * so the database is an older copy, and what is newer than it would all look like orphans.
 */
const orphanBrake = z.discriminatedUnion("reason", [
  z.strictObject({ reason: z.literal("several"), since: moment, count: z.int() }),
  z.strictObject({
    reason: z.literal("behind"),
    since: moment,
    /** The highest number that the relay has seen, and the highest that the database knew it had given to the node. */
    seen: z.int(),
    known: z.int(),
  }),
]);
export type OrphanBrake = z.infer<typeof orphanBrake>;

/**
 * Why an orphan is left alone until a person says what is to become of it. `copy`: its mark names another machine, so a
 * person renamed, copied or imported it; it is theirs, and only they can remove it. `had_tester`: it was a tester's.
 * `vanished`: it appeared while a machine of the node was missing, as a rename looks. `never_given`: nothing of that name was
 * ever made here. `unmarked`: its mark names no machine, so nothing says that it is no copy. `given_up`: it was
 * adopted once already, and forgotten by a person.
 */
export const ORPHAN_WAITS = [
  "copy",
  "had_tester",
  "vanished",
  "never_given",
  "unmarked",
  "given_up",
] as const;
export type OrphanWait = (typeof ORPHAN_WAITS)[number];

/**
 * Something on the node that carries our mark and that no row knows. One that waits for nobody is stopped when it is seen
 * again a sweep later, kept for `orphanKeepSeconds`, and deleted.
 */
const orphan = z.strictObject({
  name: z.string(),
  since: moment,
  /** Who said that it may be torn down. */
  confirmedBy: z.string().nullable(),
  waits: z.enum(ORPHAN_WAITS).nullable(),
  /** The machine that it is a copy of. */
  of: z.string().nullable(),
  /** The last tester who had it. */
  username: z.string().nullable(),
});

/** `machines`: these orphans only, by name; left out, all that the node shows now. */
export const reapInput = z.strictObject({
  name: nodeName,
  machines: z.array(z.string().min(1).max(100)).min(1).max(500).optional(),
  note: z.string().min(1).max(500).optional(),
});

const nodeCondition = z.strictObject({
  type: z.enum(NODE_CONDITION_TYPES),
  status: z.boolean(),
  reason: z.string(),
  message: z.string(),
  since: moment,
});
export type NodeCondition = z.infer<typeof nodeCondition>;

/** A node as it stands; `machines` counts those that are not proven gone. */
export const nodeView = z
  .strictObject({
    name: z.string(),
    state: z.enum(NODE_STATES),
    scheduling: z.enum(NODE_SCHEDULING),
    labels: z.array(z.string()),
    /** How many creates and deletes it works on at a time: as an operator set it, its driver says, or usual. */
    concurrency: z.int(),
    /** After how long without a word from its relay it is silent. */
    silenceSeconds: z.int(),
    driver: z.string().nullable(),
    driverVersion: z.string().nullable(),
    relayVersion: z.string().nullable(),
    lastSeenAt: moment.nullable(),
    lastProbeAt: moment.nullable(),
    machines: z.int(),
    brake: nodeBrake.nullable(),
    orphans: z.array(orphan),
    orphanBrake: orphanBrake.nullable(),
    /** What its driver said where it fails to list or to say what the node has, and since when. */
    driverProblem: z.strictObject({ message: z.string(), since: moment }).nullable(),
    /** In the form of a pool's conditions; false where something is wrong, or not known because no relay has joined. */
    conditions: z.array(nodeCondition),
    inventory: keptInventory.nullable(),
    createdAt: moment,
  })
  .meta({ id: "Node" });
export type NodeView = z.infer<typeof nodeView>;

/** `joinToken` is shown once and works once. */
export const enrollResult = z.strictObject({ node: nodeView, joinToken: z.string(), expiresAt: moment });
export type EnrollResult = z.infer<typeof enrollResult>;

/** What went with a removed node. */
export const removedNode = z
  .strictObject({ name: z.string(), forgotten: z.int(), released: z.int() })
  .meta({ id: "RemovedNode" });
export type RemovedNode = z.infer<typeof removedNode>;
