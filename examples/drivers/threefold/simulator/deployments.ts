import { z } from "zod";

/** What a client sends to be deployed, as far as this node reads it. */
const network = z.object({ name: z.string(), type: z.literal("network-light"), data: z.unknown() });
const disk = z.object({
  name: z.string(),
  type: z.literal("zmount"),
  data: z.object({ size: z.int().min(1) }),
});
const machine = z.object({
  /** What zos accepts. */
  name: z.string().regex(/^\w{1,50}$/),
  type: z.literal("zmachine-light"),
  data: z.object({
    size: z.int().min(0),
    compute_capacity: z.object({ cpu: z.int().min(1), memory: z.int().min(250 * 2 ** 20) }),
    env: z.object({ SSH_KEY: z.string(), SSH_PORT: z.string().regex(/^\d+$/).optional() }),
  }),
});
export const wanted = z.object({
  node_id: z.int(),
  /** tfchain takes no more. */
  metadata: z.string().max(512),
  workloads: z.array(z.discriminatedUnion("type", [network, disk, machine])).max(10),
});
export type Wanted = z.infer<typeof wanted>;
export type MachineData = z.infer<typeof machine>["data"];

type State = "init" | "ok" | "error" | "deleted" | "paused";
/** A workload on the node, with what became of it. */
export type Workload = Wanted["workloads"][number] & {
  result: { created: number; state: State; message: string; data: object };
};
export type Deployment = {
  contract_id: number;
  twin_id: number;
  metadata: string;
  workloads: Workload[];
};

export function begun(contract: { id: number; twin: number }, { metadata, workloads }: Wanted): Deployment {
  return {
    contract_id: contract.id,
    twin_id: contract.twin,
    metadata,
    workloads: workloads.map((one) => ({ ...one, result: result("init") })),
  };
}

export function result(state: State, data: object = {}, message = ""): Workload["result"] {
  return { created: Math.floor(Date.now() / 1000), state, message, data };
}
