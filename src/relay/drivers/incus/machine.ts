import type { Endpoint } from "../../../contract/machine.ts";
import type { DriverMachine } from "../../driver.ts";
import type { Instance, Volume } from "./answers.ts";
import { importedPlace, markedPorts, readMark } from "./mark.ts";

const SSH_PORT = 22;

/** An instance as the relay sees it. */
export function describe(instance: Instance, project: string): DriverMachine {
  const here = endpointOf(instance);
  const { ssh, access } = importedPlace(instance) ?? { ssh: here, access: here };
  return {
    name: instance.name,
    ref: refOf(project, instance.name),
    state: stateOf(instance),
    ...readMark(instance),
    ssh,
    access,
  };
}

/** A disk of ours without a machine: something is left, and nothing answers there. */
export function describeDisk(disk: Volume, project: string): DriverMachine {
  const { name } = disk;
  const nowhere = { host: name, port: SSH_PORT };
  const { mark } = readMark(disk);
  return {
    ...{ name, ref: refOf(project, name), state: "unknown", ssh: nowhere, access: nowhere },
    ...(mark === undefined ? {} : { mark }),
  };
}

/** Where a virtual machine can be dialled; null until its network is up. IPv4 before IPv6. */
export function addressOf({ state }: Instance): string | null {
  const global = Object.entries(state?.network ?? {})
    .filter(([device]) => device !== "lo")
    .flatMap(([, { addresses }]) => addresses)
    .filter(({ scope }) => scope === "global")
    .toSorted((one, other) => one.family.localeCompare(other.family));
  return global[0]?.address ?? null;
}

function endpointOf(instance: Instance): Endpoint {
  if (instance.type === "container") return { host: "127.0.0.1", port: markedPorts(instance)[0] ?? SSH_PORT };
  // Without an address its name, which the name server of an Incus bridge knows as soon as it is there.
  return { host: addressOf(instance) ?? instance.name, port: SSH_PORT };
}

function stateOf({ status }: Instance): DriverMachine["state"] {
  if (status === "Running") return "running";
  return status === "Stopped" ? "stopped" : "unknown";
}

function refOf(project: string, name: string): string {
  return `${project}/${name}`;
}
