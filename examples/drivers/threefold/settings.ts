import { z } from "zod";
import { DriverError } from "../../../src/relay/driver.ts";

/** What the program's environment says. docs/drivers.md has a line for each. */
const settings = z
  .object({
    WARMPOOL_GRID_URL: z.url({ protocol: /^https?$/ }),
    WARMPOOL_GRID_GRAPHQL: z.url({ protocol: /^https?$/ }).optional(),
    WARMPOOL_GRID_TWIN: z.coerce.number().int().min(1),
    WARMPOOL_GRID_NODE: z.coerce.number().int().min(1),
    WARMPOOL_GRID_ROOT_GIB: z.coerce.number().int().min(2).max(10_000).default(2),
    WARMPOOL_GRID_MOUNT: z
      .string()
      .regex(/^\/[\w/.-]+$/, "must be an absolute path")
      .default("/home"),
    WARMPOOL_GRID_SSH: z.enum(["22", "allotted"]).default("22"),
    WARMPOOL_GRID_POWER: z.enum(["none", "calls"]).default("none"),
  })
  .transform((env) => ({
    /** Of the HTTP server of the grid's client, without a slash at the end. */
    url: env.WARMPOOL_GRID_URL.replace(/\/+$/, ""),
    /** Of the index of the chain. */
    graphql: env.WARMPOOL_GRID_GRAPHQL ?? `${env.WARMPOOL_GRID_URL.replace(/\/+$/, "")}/graphql`,
    /** The account's number on the chain, and the node's. */
    twin: env.WARMPOOL_GRID_TWIN,
    node: env.WARMPOOL_GRID_NODE,
    rootGib: env.WARMPOOL_GRID_ROOT_GIB,
    /** Where a machine has the disk of the pool's spec. */
    mount: env.WARMPOOL_GRID_MOUNT,
    /** The port of SSH inside of a machine; null for the loopback port that Warmpool has allotted to it. */
    sshPort: env.WARMPOOL_GRID_SSH === "allotted" ? null : Number(env.WARMPOOL_GRID_SSH),
    /** Whether the server can stop and start a machine, which the grid itself cannot. */
    hasPower: env.WARMPOOL_GRID_POWER === "calls",
  }));
export type Settings = z.infer<typeof settings>;

/** @throws DriverError if a setting is missing or has a value that it cannot have */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const parsed = settings.safeParse(env);
  if (!parsed.success) throw new DriverError("failed", z.prettifyError(parsed.error));
  return parsed.data;
}
