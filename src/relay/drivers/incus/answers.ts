import * as z from "zod";

/** What this driver reads of Incus's answers; everything else in them is left alone. */

const address = z.object({ family: z.string(), address: z.string(), scope: z.string() });

export const instanceState = z.object({
  network: z.record(z.string(), z.object({ addresses: z.array(address) })).nullish(),
});

export const instance = z.object({
  name: z.string(),
  /** `Running`, `Stopped`, `Frozen`, `Error`, … */
  status: z.string(),
  type: z.enum(["container", "virtual-machine"]),
  config: z.record(z.string(), z.string()),
  /** Its own, without those of its profiles. */
  devices: z
    .record(z.string(), z.record(z.string(), z.string()))
    .nullish()
    .transform((devices) => devices ?? {}),
  state: instanceState.nullish(),
});
export type Instance = z.infer<typeof instance>;

/** In a listing: one that changes at that moment may be no more than its name. */
export const listedInstance = z.union([
  instance,
  z.object({ name: z.string(), config: z.null().optional() }),
]);

export const volume = z.object({
  name: z.string(),
  type: z.string(),
  config: z.record(z.string(), z.string()),
});
export type Volume = z.infer<typeof volume>;

export const operation = z.object({ id: z.string(), status_code: z.number(), err: z.string() });

export const runningOperation = z.object({
  status_code: z.number(),
  resources: z.record(z.string(), z.array(z.string())).nullish(),
});

export const server = z.object({
  environment: z.object({ server_version: z.string(), driver: z.string(), driver_version: z.string() }),
});

export const resources = z.object({
  cpu: z.object({ total: z.number() }),
  memory: z.object({ total: z.number(), used: z.number() }),
});
export type HostResources = z.infer<typeof resources>;

/** An instance with what its profiles give it. One that changes at that moment may have less to say. */
export const sizedInstance = z.object({
  name: z.string(),
  project: z.string(),
  type: z.enum(["container", "virtual-machine"]),
  status: z.string(),
  expanded_config: z
    .record(z.string(), z.string())
    .nullish()
    .transform((config) => config ?? {}),
  expanded_devices: z
    .record(
      z.string(),
      z.object({
        type: z.string().optional(),
        path: z.string().optional(),
        pool: z.string().optional(),
        size: z.string().optional(),
        "size.state": z.string().optional(),
      }),
    )
    .nullish()
    .transform((devices) => devices ?? {}),
});
export type SizedInstance = z.infer<typeof sizedInstance>;

export const project = z.object({ config: z.record(z.string(), z.string()) });
export type Project = z.infer<typeof project>;

export const profile = z.object({
  config: z.record(z.string(), z.string()),
  devices: z.record(z.string(), z.record(z.string(), z.string())),
});
export type Profile = z.infer<typeof profile>;

export const pool = z.object({ driver: z.string(), config: z.record(z.string(), z.string()) });

export const poolResources = z.object({ space: z.object({ total: z.number(), used: z.number() }) });
