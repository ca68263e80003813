import { z } from "zod";
import { nodeName } from "./names.ts";

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

/** What a node has, as its driver reports it. Memory in MiB, disk in GiB, each device on its own. */
export const inventory = z.strictObject({
  cpus: z.int().min(0),
  memoryMib: z.strictObject({ total: z.int().min(0), available: z.int().min(0), reserve: z.int().min(0) }),
  disks: z
    .array(
      z.strictObject({
        name: z.string().max(200),
        totalGib: z.number().min(0),
        usedGib: z.number().min(0),
        thin: z.boolean(),
      }),
    )
    .max(1000),
});
export type Inventory = z.infer<typeof inventory>;

export type NodeView = {
  name: string;
  state: NodeState;
  scheduling: NodeScheduling;
  driver: string | null;
  driverVersion: string | null;
  relayVersion: string | null;
  lastSeenAt: string | null;
  lastProbeAt: string | null;
  machines: number;
  inventory: Inventory | null;
  createdAt: string;
};

/** `joinToken` is shown once and works once. */
export type EnrollResult = { node: NodeView; joinToken: string; expiresAt: string };

/** What went with a removed node. */
export type RemovedNode = { name: string; forgotten: number; released: number };
