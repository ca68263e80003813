import * as z from "zod";
import { CONDITION_TYPES } from "./conditionTypes.ts";
import { moment, nodeLabel, nodeName, poolName, recipeName } from "./names.ts";
import { SPEC_DEFAULTS } from "./specDefaults.ts";
import { sshPublicKeys } from "./sshKey.ts";
import { unixText } from "./unixText.ts";

export const INSTANCE_TYPES = ["virtual-machine", "container"] as const;
export type InstanceType = (typeof INSTANCE_TYPES)[number];

/** What one machine is made of. Memory in MiB, disk in GiB. */
export const shape = z.strictObject({
  vcpus: z.int().min(1).max(1024),
  memoryMib: z
    .int()
    .min(64)
    .max(16 * 1024 * 1024),
  diskGib: z
    .int()
    .min(1)
    .max(1024 * 1024),
});

const command = z.string().min(1, "must not be empty").max(4096).check(unixText);
const seconds = (min: number, max: number) => z.int().min(min).max(max);

/** The operator's wish for a pool. Everything that has a default may be left out. */
export const poolSpec = z
  .strictObject({
    name: poolName,
    /** Machines to keep ready for testers yet to come. */
    targetSize: z.int().min(0).max(10_000),
    /**
     * Bound on all machines of the pool that are not proven gone, in any state. Exceeded only for testers who wait while a
     * silent node holds the rest, by one machine for each of them at most; when the node is back the free ones beyond it go.
     */
    maxSize: z.int().min(0).max(10_000),
    shape,
    image: z.string().min(1).max(256),
    instanceType: z.enum(INSTANCE_TYPES),
    adminSshKeys: sshPublicKeys,
    recipe: recipeName,
    /** Run on the machine at every probe; not 0 means dead. */
    healthCommand: command.optional(),
    /** Run on the machine before it counts as ready. */
    readyCommand: command.optional(),
    /** Run on the node before a machine counts as ready, with WARMPOOL_HOST and WARMPOOL_PORT of its access. */
    accessCommand: command.optional(),
    bootTimeoutSeconds: seconds(5, 7200).default(SPEC_DEFAULTS.bootTimeoutSeconds),
    failureThreshold: z.int().min(1).max(20).default(SPEC_DEFAULTS.failureThreshold),
    assignmentTtlSeconds: seconds(60, 366 * 86_400).optional(),
    /** How long testers may make their own assignment last from their page, counted from `activeAt`; without it they cannot. */
    testerTtlSeconds: seconds(60, 30 * 86_400).optional(),
    /** How long the machine of a failed assignment is held for a look before it is released; 0: until the next sweep. */
    holdFailedSeconds: seconds(0, 30 * 86_400).default(SPEC_DEFAULTS.holdFailedSeconds),
    machineTtlSeconds: seconds(60, 366 * 86_400).optional(),
    keepAdminKeys: z.boolean().default(SPEC_DEFAULTS.keepAdminKeys),
    sudo: z.boolean().default(SPEC_DEFAULTS.sudo),
    nodes: z.array(nodeName).max(1000).optional(),
    /** Only nodes that carry all of these labels; with `nodes`, those of them. */
    nodeLabels: z.array(nodeLabel).max(50).optional(),
    /** Among nodes with room: `spread` keeps failures apart, `pack` keeps large holes for large machines. */
    placement: z.enum(["spread", "pack"]).default(SPEC_DEFAULTS.placement),
  })
  .refine((spec) => spec.maxSize >= spec.targetSize, {
    path: ["maxSize"],
    message: "must be at least targetSize",
  });

export type PoolSpec = z.infer<typeof poolSpec>;
/** The spec as a caller may write it, defaults left out. */
export type PoolSpecInput = z.input<typeof poolSpec>;

export const poolInput = z.strictObject({ name: poolName });

/** `release`: its live assignments are released; without it they are a CONFLICT. */
export const removePoolInput = z.strictObject({ name: poolName, release: z.boolean().default(false) });

/** `assigned`: what happens to machines that testers have. */
export const emptyPoolInput = z.strictObject({
  name: poolName,
  assigned: z.enum(["keep", "release"]).default("keep"),
});

/** A statement about a pool that an operator may have to act on. */
const poolCondition = z.strictObject({
  type: z.enum(CONDITION_TYPES),
  status: z.boolean(),
  /** A code, CamelCase, explained in docs/conditions.md. */
  reason: z.string(),
  message: z.string(),
  since: moment,
});
export type PoolCondition = z.infer<typeof poolCondition>;

const poolCounts = z.strictObject({
  provisioning: z.int(),
  ready: z.int(),
  suspect: z.int(),
  assigned: z.int(),
  held: z.int(),
  deleting: z.int(),
});
export type PoolCounts = z.infer<typeof poolCounts>;

/** A pool as it stands. `counts` are rows by state; `waiting` are assignments without a machine. */
export const poolView = z
  .strictObject({
    name: z.string(),
    spec: poolSpec,
    paused: z.boolean(),
    counts: poolCounts,
    /** Ready machines on online nodes: what an assign can have now. */
    claimable: z.int(),
    waiting: z.int(),
    conditions: z.array(poolCondition),
    /** How long the ready machines last at the present rate; null where nobody has claimed lately. */
    runway: z
      .strictObject({
        claimsPerHour: z.number(),
        emptyInSeconds: z.number().nullable(),
        refillSeconds: z.number().nullable(),
      })
      .nullable(),
    /** Whether an admin made it the pool of callers who name none. */
    isDefault: z.boolean(),
    createdAt: moment,
    /** Set while a removed pool still has machines that are not proven gone. */
    removedAt: moment.nullable(),
  })
  .meta({ id: "Pool" });
export type PoolView = z.infer<typeof poolView>;

/** What a removal set going: `machines` are still to be proven gone, `released` assignments ended. */
export const removedPool = z
  .strictObject({ name: z.string(), removedAt: moment, machines: z.int(), released: z.int() })
  .meta({ id: "RemovedPool" });
export type RemovedPool = z.infer<typeof removedPool>;
