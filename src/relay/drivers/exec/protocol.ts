import * as z from "zod";
import { recordOf } from "../../../contract/record.ts";
import { endpoint, hostKey } from "../../../contract/machine.ts";
import { inventory } from "../../../contract/node.ts";
import { poolSpec } from "../../../contract/pool.ts";

/**
 * What a relay and a driver program say to each other, as docs/drivers.md tells the program's author: one command as
 * the only argument, JSON on stdin and on stdout. Keys that are not here are refused, because a misspelt one would
 * otherwise be without effect and nobody would know.
 */
export const COMMANDS = [
  ...(["create", "get", "list", "start", "stop", "delete", "capacity", "version"] as const),
  ...(["mark", "unmark"] as const),
] as const;
export type Command = (typeof COMMANDS)[number];

/** Exit codes with a meaning of their own; any other but 0 is a failure. */
export const EXIT = { done: 0, absent: 30, exists: 31, noCapacity: 32, retry: 75 } as const;

const machineName = z.string().min(1).max(100);

/** Whose machine it is, and which. */
const mark = z.strictObject({
  installation: z.string().min(1).max(100),
  node: z.string().min(1).max(100),
  machine: machineName,
});

export const namedInput = z.strictObject({ name: machineName });

export const createInput = z.strictObject({
  name: machineName,
  mark: mark.optional(),
  shape: poolSpec.shape.shape,
  image: poolSpec.shape.image,
  instanceType: poolSpec.shape.instanceType,
  authorizedKeys: z.array(z.string()),
  hostKey: z.strictObject({ privateKey: z.string(), publicKey: z.string() }),
  port: endpoint.shape.port,
  httpPort: endpoint.shape.port,
});

/** Of a machine that somebody else made: `plan` only asks whether it could be marked. */
export const markInput = z.strictObject({
  name: machineName,
  mark: mark.optional(),
  ssh: endpoint,
  access: endpoint,
  hostKey,
  plan: z.boolean(),
});

const machine = z.strictObject({
  name: machineName,
  /** How the driver itself calls it; the name where this is left out. */
  ref: z.string().max(500).optional(),
  state: z.enum(["running", "stopped", "unknown"]),
  /** As the hypervisor has it, never made up from the name. */
  mark: mark.optional(),
  /** Whether the hypervisor's own id of it is another than at the create. */
  copied: z.boolean().optional(),
  /** Where the relay dials. Left out only where there is nothing to dial, as for what a killed create left. */
  ssh: endpoint.optional(),
  /** Where the tester dials; the same as `ssh` where this is left out. */
  access: endpoint.optional(),
});
export type MachineAnswer = z.infer<typeof machine>;

export const createAnswer = machine.required({ ssh: true });
/** `evidence`: text that helps a person see why a machine never became ready, by name. */
export const getAnswer = machine.extend({ evidence: recordOf(z.string().max(50), z.string()).optional() });
export const listAnswer = z.strictObject({
  complete: z.boolean().default(false),
  machines: z.array(machine).max(100_000),
  storageProof: z.enum(["volumes", "none"]).default("none"),
});
export const markAnswer = machine;
export const capacityAnswer = inventory;
export const versionAnswer = z.strictObject({ version: z.string().min(1).max(500) });

/** What each command that prints something must print, for the error of a program that does not. */
export const MUST_PRINT: Partial<Record<Command, string>> = {
  create: `one machine with its address: {"name":"…","state":"running","ssh":{"host":"…","port":22}}`,
  get: `one machine: {"name":"…","state":"running|stopped|unknown","ssh":{"host":"…","port":22}}, or exit 30`,
  mark: `one machine: {"name":"…","state":"running","ssh":{"host":"…","port":22}}, or exit 30`,
  list: `{"complete":true,"machines":[…]}`,
  capacity: `{"cpus":…,"memoryMib":{"total":…,"available":…,"reserve":…},"disks":[{"name":"…","totalGib":…,"usedGib":…,"thin":…}]}`,
  version: `{"version":"…"}`,
};
