import { isIP } from "node:net";
import { z } from "zod";

/**
 * What the grid answers, as far as this program reads it. What a field means is in the API of zos,
 * https://github.com/threefoldtech/zos/blob/main/docs/manual/api.md, and in the grid's client,
 * https://github.com/threefoldtech/tfgrid-sdk-ts.
 */

/** Bytes of a disk or of memory: exact in a number. */
const bytes = z.int().min(0);
const id = z.coerce.number().pipe(z.int().min(0));

/** What an owner has written on the chain beside a contract. */
const data = z.string().max(10_000);

/** A contract as the index has it; its numbers may be text. */
export const indexedContract = z.object({ contractID: id, twinID: id, deploymentData: data });
export const indexPage = z.object({
  data: z.object({
    nodeContracts: z.array(indexedContract).max(10_000),
    nodeContractsConnection: z.object({ totalCount: z.int().min(0) }),
  }),
});

/** A contract as the chain has it; null if it has none of that number. */
export const chainContract = z
  .object({
    twinId: id,
    contractType: z.object({ nodeContract: z.object({ nodeId: id, deploymentData: data }).optional() }),
  })
  .nullable();

export const contractIds = z.array(id).max(100_000);

/** The address of a machine on the overlay network. An empty text, which stands for none, is null. */
const address = z
  .string()
  .max(100)
  .transform((text) => text.replace(/\/\d+$/, ""))
  .refine((text) => text === "" || isIP(text) !== 0, "must be an IP address")
  .transform((text) => (text === "" ? null : text))
  .nullish();

export const machineResult = z.object({
  mycelium_ip: address,
  planetary_ip: address,
  console_url: z.string().max(1000).nullish(),
});

export const machineData = z.object({
  compute_capacity: z.object({ cpu: z.int().min(0), memory: bytes }),
  /** Of the root disk. */
  size: bytes,
});
export const diskData = z.object({ size: bytes });

const workload = z.object({
  name: z.string().max(100),
  type: z.string().max(100),
  data: z.unknown().optional(),
  result: z.object({
    /** Empty until the node has begun with it. */
    state: z.enum(["", "init", "unchanged", "error", "ok", "deleted", "paused"]),
    message: z.string().max(10_000).nullish(),
    data: z.unknown().optional(),
  }),
});
export type Workload = z.infer<typeof workload>;

/** What stands on the node, whatever became of its contract. */
export const deployment = z.object({
  contract_id: id,
  twin_id: id,
  metadata: data,
  workloads: z.array(workload).max(1000),
});
export type Deployment = z.infer<typeof deployment>;
export const deployments = z.array(deployment).max(10_000);

const capacity = z.object({ cru: z.int().min(0), mru: bytes });
/** `used` includes `system`, which is what zos keeps for itself. */
export const statistics = z.object({ total: capacity, used: capacity, system: capacity });
export type Statistics = z.infer<typeof statistics>;

/** Each physical device. Its disks count as used in full, whether anything is written to them or not. */
export const pools = z
  .array(z.object({ name: z.string().max(200), type: z.string().max(20), size: bytes, used: bytes }))
  .max(100);
export type Pools = z.infer<typeof pools>;

/** What comes with status 400. */
export const refused = z.object({ error: z.string() });
