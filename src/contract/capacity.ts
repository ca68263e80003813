import * as z from "zod";
import { moment, poolName } from "./names.ts";
import { shape } from "./pool.ts";

/** `4x8x100`: virtual CPUs, GiB of memory, GiB of disk. */
export const shapeText = z
  .string()
  .regex(/^\d{1,4}x\d{1,5}(\.\d{1,3})?x\d{1,7}$/, "must be like 4x8x100: vCPUs, GiB of memory, GiB of disk")
  .transform((text) => {
    const [vcpus = 0, memoryGib = 0, diskGib = 0] = text.split("x").map(Number);
    return { vcpus, memoryMib: Math.round(memoryGib * 1024), diskGib };
  })
  .pipe(shape);

/** Asks for the equation of a pool's machines, or of another shape on the same nodes. */
export const capacityInput = z.strictObject({
  pool: poolName.optional(),
  shape: z.union([shape, shapeText]).optional(),
});

export const CONSTRAINTS = [
  "cpu",
  "memory",
  "disk",
  "too_large",
  "limit_machines",
  "limit_containers",
  "limit_virtual_machines",
  "limit_processes",
  "limit_cpu",
  "limit_memory",
  "limit_disk",
] as const;
/**
 * What keeps the next machine out. `disk`: no device has room for it whole. `limit_…`: a bound that somebody set.
 * `too_large`: the node does not hold machines to their shape, and one of this shape is larger than the node itself.
 */
export type Constraint = (typeof CONSTRAINTS)[number];

export const TERM_KINDS = [
  "reserve",
  "assigned",
  "ready",
  "suspect",
  "held",
  "provisioning",
  "deleting",
  "leaked",
  "unmanaged",
  "other_load",
  "limits",
  "fragmentation",
  "closed",
] as const;
/**
 * What takes slices off the nominal ones. `leaked`: ours by its mark, and no row knows it. `other_load`: memory and
 * disk that are in use and that no machine was configured to take. `closed`: the node takes none of it now, and its `closed` says why.
 */
export type TermKind = (typeof TERM_KINDS)[number];

/** `count` slices, taken by the machines of these names where it is machines that take them. */
const capacityTerm = z.strictObject({
  kind: z.enum(TERM_KINDS),
  count: z.int(),
  names: z.array(z.string()),
});
export type CapacityTerm = z.infer<typeof capacityTerm>;

/** Why a node takes no more of that shape whatever its room. */
export const CLOSED = [
  "not_online",
  "draining",
  "braked",
  "not_in_pool",
  "stale_inventory",
  "forbidden",
  "said_full",
] as const;
/**
 * `braked`: most of its machines died at once, and only a canary is created there. `forbidden`: somebody has set the node up
 * so that every machine of this type would be refused. `said_full`: its driver refused the last one of this shape.
 */
export type Closed = (typeof CLOSED)[number];

/** `nominal` − the terms' counts = `placeable`, on each node and in all. */
const nodeCapacity = z.strictObject({
  node: z.string(),
  nominal: z.int(),
  /** Machines of any pool that are not proven gone. */
  booked: z.int(),
  placeable: z.int(),
  terms: z.array(capacityTerm),
  binding: z.enum(CONSTRAINTS).nullable(),
  closed: z.enum(CLOSED).nullable(),
  /** Whether its driver takes no notice of shapes, so that machines of any take the same. */
  flat: z.boolean(),
  /** What is forbidden or was refused, in the words of the node's driver. */
  detail: z.string().nullable(),
  /** When the node's relay counted what is there; the age in seconds. */
  inventoryAt: moment.nullable(),
  inventoryAgeSeconds: z.number().nullable(),
  /** Disks as they are promised and as they are used, in GiB. */
  disks: z.array(
    z.strictObject({
      name: z.string(),
      totalGib: z.number(),
      committedGib: z.number(),
      usedGib: z.number(),
      thin: z.boolean(),
    }),
  ),
  /** Where rows and node disagree, by names. */
  drift: z.strictObject({ notOnNode: z.array(z.string()), noRow: z.array(z.string()) }),
});
export type NodeCapacity = z.infer<typeof nodeCapacity>;

/** By node, what keeps the next machine out of it. */
export const binding = z.array(
  z.strictObject({
    node: z.string(),
    constraint: z.enum([...CONSTRAINTS, ...CLOSED]),
    detail: z.string().nullable(),
  }),
);
export type Binding = z.infer<typeof binding>[number];

export const capacityView = z
  .strictObject({
    pool: z.string().nullable(),
    shape,
    nominal: z.int(),
    booked: z.int(),
    placeable: z.int(),
    terms: z.array(capacityTerm),
    binding,
    nodes: z.array(nodeCapacity),
    /** The equation as a sentence. */
    text: z.string(),
  })
  .meta({ id: "Capacity" });
export type CapacityReport = z.infer<typeof capacityView>;
