import type { Inventory } from "../../../contract/node.ts";
import type { HostResources, SizedInstance } from "./answers.ts";
import { isOwn } from "./mark.ts";
import type { Owner } from "./mark.ts";

/** Incus's configuration of sizes, as numbers: `2`, `0-3`, `512MiB`, `20%`. */

const MIB = 2 ** 20;
const GIB = 2 ** 30;

type Machine = NonNullable<Inventory["machines"]>[number];

/** An instance by what it is configured to take. One without a limit may take all of the memory, but counts for none. */
export function standingOf(
  instance: SizedInstance,
  project: string,
  owner: Owner,
  host: HostResources,
): Machine {
  const { expanded_config: config, expanded_devices: devices } = instance;
  const isVirtual = instance.type === "virtual-machine";
  return {
    name: instance.name,
    ours: instance.project === project && isOwn({ name: instance.name, config }, owner),
    running: instance.status === "Running" || instance.status === "Frozen",
    vcpus: cpus(config["limits.cpu"]) ?? 0,
    memoryMib: Math.ceil((bytes(config["limits.memory"], host.memory.total) ?? 0) / MIB),
    disks: Object.values(devices).flatMap(({ type, path, pool, size, ...device }) => {
      const gib = (bytes(size, null) ?? 0) / GIB;
      const state = isVirtual && path === "/" ? stateGib(device["size.state"]) : 0;
      return type === "disk" && pool !== undefined && gib > 0 ? [{ device: pool, gib: gib + state }] : [];
    }),
    limited: instance.project === project,
    instanceType: instance.type,
    // Of a virtual machine Incus does not count them.
    processes: isVirtual ? 0 : processesOf({ config }),
  };
}

/** What Incus keeps beside a virtual machine's disk for its own files; it counts against the limits on disks. */
export function stateGib(size?: string): number {
  return (bytes(size, null) ?? DEFAULT_STATE) / GIB;
}

const DEFAULT_STATE = 500 * MIB;

/** How many processes a container may have, which is what counts against the limit on them. */
export function processesOf({ config }: { config: Readonly<Record<string, string>> }): number {
  return whole(config["limits.processes"]) ?? 0;
}

export function whole(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? countable(Number(text)) : null;
}

/** `3`, or a set of those that it may run on: `0-2,5`. */
export function cpus(text: string | undefined): number | null {
  if (text === undefined || text === "") return null;
  if (/^\d+$/.test(text)) return countable(Number(text));
  const ranges = text.split(",").map((part) => /^(\d+)(?:-(\d+))?$/.exec(part.trim()));
  if (ranges.some((range) => range === null)) return null;
  const counts = ranges.map((range) => Number(range?.[2] ?? range?.[1]) - Number(range?.[1]) + 1);
  return counts.some((count) => count < 1) ? null : countable(counts.reduce((sum, count) => sum + count, 0));
}

/** The edge takes no larger number of anything, memory in MiB and disks in GiB (src/contract/node.ts). */
const MOST = 1_000_000_000;

/** What nobody has so much of is no number: the edge would refuse it, and with it all that the node reports. */
function countable(count: number, most = MOST): number | null {
  return count <= most ? count : null;
}

const UNITS = ["B", "k", "M", "G", "T", "P", "E"];

/** @param whole what a percentage is of, in bytes; null where none is allowed */
export function bytes(text: string | undefined, whole: number | null): number | null {
  const parts = /^(\d+(?:\.\d+)?)\s*(%|(?:[kKMGTPE]i?)?B?)$/.exec(text ?? "");
  if (parts === null) return null;
  const [value, unit] = [Number(parts[1]), parts[2] ?? ""];
  if (unit === "%") return whole === null ? null : countable((whole * value) / 100, MOST * MIB);
  const power = Math.max(
    0,
    UNITS.findIndex((letter) => letter.toLowerCase() === unit.charAt(0).toLowerCase()),
  );
  return countable(
    value * (unit.includes("i") ? 1024 : 1000) ** (unit.startsWith("B") ? 0 : power),
    MOST * MIB,
  );
}
