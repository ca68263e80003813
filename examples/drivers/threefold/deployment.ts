import { createHash, randomBytes } from "node:crypto";
import { type CreateRequest, DriverError } from "../../../src/relay/driver.ts";
import { markText, type Marked } from "./mark.ts";
import type { Settings } from "./settings.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** An image for less does not exist. */
const LEAST_MEMORY_MIB = 256;
/** Private to the one machine: nobody else is in that network, so that each may have the same. */
const SUBNET = "10.20.2.0/24";
const ADDRESS = "10.20.2.2";

/** The name of the workload that is the machine itself. */
export const MACHINE = "zmachine-light";
export const DISK = "zmount";

/**
 * A machine as a deployment: a network with an address on Mycelium, the disk of the pool's spec, and the machine, whose
 * root disk is another one. Nothing but `SSH_KEY` says to the image who may log in; it has a key a line.
 */
export function deploymentOf(
  request: CreateRequest,
  marked: Marked,
  keys: string[],
  { twin, rootGib, mount }: Settings,
): object {
  const { name, shape, image } = request;
  if (!/^https?:\/\/\S+\.flist$/.test(image))
    throw new DriverError("failed", `The pool's image must be the address of an flist, and is ${image}`);
  if (shape.memoryMib < LEAST_MEMORY_MIB)
    throw new DriverError("failed", `A machine of the grid has at least ${LEAST_MEMORY_MIB} MiB of memory`);
  const network = networkOf(marked);
  return {
    version: 0,
    contract_id: 0,
    expiration: 0,
    metadata: markText(marked),
    description: "",
    signature_requirement: {
      weight_required: 1,
      requests: [{ twin_id: twin, required: false, weight: 1 }],
    },
    workloads: [
      workload(network, "network-light", {
        subnet: SUBNET,
        mycelium: { hex_key: randomBytes(32).toString("hex"), peers: [] },
      }),
      workload("disk", DISK, { size: shape.diskGib * GIB }),
      workload(workloadName(name), MACHINE, {
        flist: image,
        network: {
          mycelium: { network, hex_seed: randomBytes(6).toString("hex") },
          interfaces: [{ network, ip: ADDRESS }],
        },
        size: rootGib * GIB,
        compute_capacity: { cpu: shape.vcpus, memory: shape.memoryMib * MIB },
        mounts: [{ name: "disk", mountpoint: mount }],
        entrypoint: "/sbin/zinit init",
        env: {
          SSH_KEY: keys.map((key) => key.trim()).join("\n"),
          ...(marked.port === 22 ? {} : { SSH_PORT: String(marked.port) }),
        },
        corex: false,
        gpu: [],
      }),
    ],
  };
}

function workload(name: string, type: string, data: object): object {
  return { version: 0, name, type, data, metadata: "", description: "" };
}

/** A workload's name has letters, digits and `_`, 50 at most. */
function workloadName(name: string): string {
  return name.replaceAll(/\W/g, "_").slice(-50);
}

/** Networks of one account are distinguished by name, on all nodes: a name that was used before would mean the old one. */
function networkOf({ installation, node, name }: Marked): string {
  const hash = createHash("sha256").update(`${installation}\0${node}\0${name}`).digest("hex");
  return `wp${hash.slice(0, 12)}`;
}
