import type { KeptInventory } from "../../contract/node.ts";
import type { InstanceType } from "../../contract/pool.ts";
import { type Footprint, isOver, MOST_MACHINES, type Room } from "./fit.ts";
import { SETTINGS } from "../core/limits.ts";

/** From what a node reports to what may still be promised there. Pure. */

export type Standing = NonNullable<KeptInventory["machines"]>[number];
type Shape = { vcpus: number; memoryMib: number; diskGib: number };

/**
 * What a machine of that shape takes on that node.
 * @param instanceType null if it is unknown: then limits on one type do not count
 */
export function footprintOf(
  shape: Shape,
  instanceType: InstanceType | null,
  inventory: KeptInventory,
): Footprint {
  const overheads = overheadsOf(inventory);
  const { memoryMib, bootMemoryMib, diskGib } = overheads;
  const isVirtual = instanceType === "virtual-machine";
  const ownDisk = shape.diskGib + (isVirtual ? overheads.virtualMachineDiskGib : 0);
  const asked = {
    ...shape,
    diskGib: ownDisk,
    processes: instanceType === "container" ? overheads.processes : 0,
    containers: Number(instanceType === "container"),
    virtualMachines: Number(isVirtual),
  };
  const { flat } = inventory;
  if (flat !== undefined) {
    return {
      vcpus: flat.vcpus,
      memoryMib: flat.memoryMib,
      disksGib: [flat.diskGib],
      bootMemoryMib: 0,
      asked,
    };
  }
  return {
    vcpus: shape.vcpus,
    memoryMib: shape.memoryMib + memoryMib,
    disksGib: diskGib > 0 ? [ownDisk, diskGib] : [ownDisk],
    bootMemoryMib,
    asked,
  };
}

/** What can be reserved now. Other load on the node has already reduced what is available. */
export function roomOf(inventory: KeptInventory): Room {
  const room = roomBeside(inventory, inventory.machines ?? []);
  return { ...room, memoryMib: Math.min(room.memoryMib, inventory.memoryMib.available) };
}

/**
 * What is left when the reserve and `standing` are taken off. Ours count whether they run or not, for they may be
 * started at any time; others' take CPUs and memory while they run. A thin device is promised by configured sizes, or
 * by what is used where that is more; a thick one has also lost what is used by no machine.
 * @param disks `as configured` leaves out what is used, whoever uses it
 */
export function roomBeside(
  inventory: KeptInventory,
  standing: readonly Standing[],
  disks: "as configured" | "as used too" = "as used too",
): Room {
  const { cpuOvercommit, memoryMib: overhead } = overheadsOf(inventory);
  const { memoryMib: memory } = inventory;
  const awake = standing.filter(({ ours, running }) => ours || running);
  const limited = standing.filter((machine) => machine.limited);
  const taken = sum(
    awake.map(
      (machine) => machine.memoryMib + (inventory.flat === undefined ? overhead * countOf(machine) : 0),
    ),
  );
  const configured = { all: gibByDevice(inventory.machines ?? []), there: gibByDevice(standing) };
  return {
    vcpus: inventory.cpus * cpuOvercommit - sum(awake.map(({ vcpus }) => vcpus)),
    memoryMib: memory.total - memory.reserve - taken,
    devicesGib: inventory.disks.map((device) =>
      freeOn(disks === "as used too" ? device : { ...device, usedGib: 0 }, configured),
    ),
    limits: limitsBeside(inventory, limited),
    largest: largestOf(inventory),
  };
}

/** What `limited` machines leave of the bounds that somebody has set. */
function limitsBeside({ limits, disks }: KeptInventory, limited: readonly Standing[]): Room["limits"] {
  const left = (bound: number | undefined, of: (machine: Standing) => number) =>
    (bound ?? NONE) - sum(limited.map(of));
  // One of a type that is not known may be of either.
  const one = (type: InstanceType) => (machine: Standing) =>
    (machine.instanceType ?? type) === type ? countOf(machine) : 0;
  const taken = gibByDevice(limited);
  const bounds = new Map(limits?.devices?.map(({ device, gib }) => [device, gib]));
  return {
    machines: left(limits?.machines, countOf),
    containers: left(limits?.containers, one("container")),
    virtualMachines: left(limits?.virtualMachines, one("virtual-machine")),
    processes: left(limits?.processes, ({ processes }) => processes ?? 0),
    vcpus: left(limits?.vcpus, ({ vcpus }) => vcpus),
    memoryMib: left(limits?.memoryMib, ({ memoryMib }) => memoryMib),
    diskGib: left(limits?.diskGib, (machine) => sum(machine.disks.map(gibOf))),
    devicesGib: disks.map(({ name }) => Math.max(0, (bounds.get(name) ?? NONE) - (taken.get(name) ?? 0))),
  };
}

const NONE = Number.POSITIVE_INFINITY;

/** A node whose driver takes no notice of shapes still promises none that is larger than the node itself. */
function largestOf(inventory: KeptInventory): Room["largest"] {
  if (inventory.flat === undefined) return { vcpus: NONE, memoryMib: NONE, diskGib: NONE };
  return {
    vcpus: inventory.cpus * overheadsOf(inventory).cpuOvercommit,
    memoryMib: inventory.memoryMib.total,
    diskGib: Math.max(0, ...inventory.disks.map(({ totalGib }) => totalGib)),
  };
}

/** What machines' disks are configured to take, by device. */
export function gibByDevice(machines: readonly Standing[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { disks } of machines)
    for (const { device, gib } of disks) sums.set(device, (sums.get(device) ?? 0) + gib);
  return sums;
}

function countOf({ count }: Standing): number {
  return count ?? 1;
}

/** Slices by arithmetic: what the node has in all by what one machine asks for, nothing kept back. */
export function nominalSlices(inventory: KeptInventory, shape: Shape): number {
  if (isOver(shape, largestOf(inventory))) return 0;
  const one = inventory.flat ?? shape;
  const slices = (have: number, each: number) =>
    each === 0 ? Number.POSITIVE_INFINITY : Math.floor(have / each);
  return Math.min(
    MOST_MACHINES,
    slices(inventory.cpus * overheadsOf(inventory).cpuOvercommit, one.vcpus),
    slices(inventory.memoryMib.total, one.memoryMib),
    slices(sum(inventory.disks.map(({ totalGib }) => totalGib)), one.diskGib),
  );
}

function freeOn(
  device: KeptInventory["disks"][number],
  configured: { all: ReadonlyMap<string, number>; there: ReadonlyMap<string, number> },
): number {
  const there = configured.there.get(device.name) ?? 0;
  const taken = device.thin
    ? Math.max(there, device.usedGib)
    : there + Math.max(0, device.usedGib - (configured.all.get(device.name) ?? 0));
  return Math.max(0, device.totalGib - taken);
}

function overheadsOf({ overheads }: KeptInventory): Record<keyof typeof SETTINGS.overheads, number> {
  const usual = SETTINGS.overheads;
  return {
    cpuOvercommit: overheads?.cpuOvercommit ?? usual.cpuOvercommit,
    memoryMib: overheads?.memoryMib ?? usual.memoryMib,
    bootMemoryMib: overheads?.bootMemoryMib ?? usual.bootMemoryMib,
    diskGib: overheads?.diskGib ?? usual.diskGib,
    virtualMachineDiskGib: overheads?.virtualMachineDiskGib ?? usual.virtualMachineDiskGib,
    processes: overheads?.processes ?? usual.processes,
  };
}

function gibOf({ gib }: { gib: number }): number {
  return gib;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
