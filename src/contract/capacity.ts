import { z } from "zod";
import { poolName } from "./names.ts";
import { shape } from "./pool.ts";

/** Asks for the equation of a pool's machines, or of another shape on the same nodes. */
export const capacityInput = z.strictObject({ pool: poolName.optional(), shape: shape.optional() });

export const CONSTRAINTS = [
  "cpu",
  "memory",
  "disk",
  "limit_machines",
  "limit_cpu",
  "limit_memory",
  "limit_disk",
] as const;
/** What keeps the next machine out. `disk`: no device has room for it whole. `limit_…`: a bound that somebody set. */
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
 * disk that no machine has. `closed`: the node takes none of it now, and its `closed` says why.
 */
export type TermKind = (typeof TERM_KINDS)[number];

/** `count` slices, taken by the machines of these names where it is machines that take them. */
export type CapacityTerm = { kind: TermKind; count: number; names: string[] };

/** Why a node takes no more of that shape whatever its room. */
export const CLOSED = ["not_online", "draining", "not_in_pool", "stale_inventory", "said_full"] as const;
export type Closed = (typeof CLOSED)[number];

/** `nominal` − the terms' counts = `placeable`, on each node and in all. */
export type NodeCapacity = {
  node: string;
  nominal: number;
  /** Machines of any pool that are not proven gone. */
  booked: number;
  placeable: number;
  terms: CapacityTerm[];
  binding: Constraint | null;
  closed: Closed | null;
  /** When the node's relay counted what is there; the age in seconds. */
  inventoryAt: string | null;
  inventoryAgeSeconds: number | null;
  /** Disks as they are promised and as they are used, in GiB. */
  disks: { name: string; totalGib: number; committedGib: number; usedGib: number; thin: boolean }[];
  /** Where rows and node disagree, by names. */
  drift: { notOnNode: string[]; noRow: string[] };
};

export type CapacityReport = {
  pool: string | null;
  shape: { vcpus: number; memoryMib: number; diskGib: number };
  nominal: number;
  booked: number;
  placeable: number;
  terms: CapacityTerm[];
  /** By node, what keeps the next machine out of it. */
  binding: { node: string; constraint: Constraint | Closed }[];
  nodes: NodeCapacity[];
  /** The equation as a sentence. */
  text: string;
};
