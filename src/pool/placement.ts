import type { Constraint } from "../contract/capacity.ts";
import { disksFit } from "./packing.ts";

/**
 * How many machines really fit on a node, found by placing them and not by dividing totals. CPUs and memory are one
 * heap each; disks are not: each has to fit whole on one device. Pure, and the same for the report that a person reads
 * and for the create that takes the room.
 */

/** Virtual CPUs, memory in MiB, all disks in GiB. */
export type Amounts = { vcpus: number; memoryMib: number; diskGib: number };

/** What may still be promised on a node: all that is there already has been taken off. */
export type Room = {
  /** Overcommit included. */
  vcpus: number;
  memoryMib: number;
  /** Free room of each device on its own, in GiB. */
  devicesGib: readonly number[];
  /** What is left of bounds that somebody has set; infinite where there is none. */
  limits: Limited & { machines: number; devicesGib: readonly number[] };
  /** How large one machine may be at most, where the node promises nothing by shapes; else infinite. */
  largest: Amounts;
};

/** What bounds may be set to besides the number of machines and the disks of one device. */
export type Limited = Amounts & { processes: number; containers: number; virtualMachines: number };

/** What one machine takes. */
export type Footprint = {
  /** With its overheads, of the node itself. */
  vcpus: number;
  memoryMib: number;
  disksGib: readonly number[];
  /** What it takes besides while it boots: some machines of a node do so at a time. */
  bootMemoryMib: number;
  /** Of the limits, which know the shape and the type only. */
  asked: Limited;
};

/** `binding` is null only where nothing binds, as for a footprint of nothing. */
export type Placement = { count: number; binding: Constraint | null };

/** No node makes more machines than that, so that a footprint of nothing has an answer. */
export const MOST_MACHINES = 10_000;

/**
 * The number of machines of one footprint that fit beside those that are `booked`: promised, and not seen on the node
 * yet. None where even those do not fit.
 * @param booting how many machines of a node boot at a time
 */
export function placeable(
  room: Room,
  booked: readonly Footprint[],
  one: Footprint,
  booting: number,
): Placement {
  const blockedAt = (count: number) =>
    blocker(room, [...booked, ...Array<Footprint>(count).fill(one)], booting);
  const bound = Math.max(0, Math.min(MOST_MACHINES, ...heaps(room, booked, one)));
  const count = blockedAt(0) === null ? largest(bound, (tried) => blockedAt(tried) === null) : 0;
  return { count, binding: count === MOST_MACHINES ? null : blockedAt(count + 1) };
}

/** The first constraint that keeps these machines from all being there; null where they fit. */
export function blocker(room: Room, machines: readonly Footprint[], booting: number): Constraint | null {
  if (machines.length === 0) return null;
  const total = (of: (machine: Footprint) => number) => sum(machines.map(of));
  const { limits, largest: most } = room;
  if (machines.some(({ asked }) => isOver(asked, most))) return "too_large";
  if (machines.length > limits.machines) return "limit_machines";
  for (const [amount, constraint] of LIMITS) {
    if (total(({ asked }) => asked[amount]) > limits[amount]) return constraint;
  }
  if (total(({ memoryMib }) => memoryMib) + peak(machines, booting) > room.memoryMib) return "memory";
  if (total(({ vcpus }) => vcpus) > room.vcpus) return "cpu";
  const disks = machines.flatMap(({ disksGib }) => disksGib);
  if (limits.devicesGib.every((left) => left === Number.POSITIVE_INFINITY))
    return disksFit(room.devicesGib, disks) ? null : "disk";
  if (!disksFit(limits.devicesGib, disks)) return "limit_disk";
  const both = room.devicesGib.map((free, at) => Math.min(free, limits.devicesGib[at] ?? free));
  return disksFit(both, disks) ? null : "disk";
}

const LIMITS = [
  ["containers", "limit_containers"],
  ["virtualMachines", "limit_virtual_machines"],
  ["processes", "limit_processes"],
  ["memoryMib", "limit_memory"],
  ["vcpus", "limit_cpu"],
  ["diskGib", "limit_disk"],
] as const satisfies readonly (readonly [keyof Limited, Constraint])[];

/** Whether one alone is larger than that in any respect. */
export function isOver(asked: Amounts, most: Amounts): boolean {
  return asked.vcpus > most.vcpus || asked.memoryMib > most.memoryMib || asked.diskGib > most.diskGib;
}

/** The most that those which boot at the same time take besides. */
function peak(machines: readonly Footprint[], booting: number): number {
  const extras = machines.map(({ bootMemoryMib }) => bootMemoryMib).toSorted((one, other) => other - one);
  return sum(extras.slice(0, booting));
}

/** How many fit by each heap alone. */
function heaps(room: Room, booked: readonly Footprint[], one: Footprint): number[] {
  const left = (have: number, of: (machine: Footprint) => number) =>
    of(one) === 0 ? MOST_MACHINES : Math.floor((have - sum(booked.map(of))) / of(one));
  const { limits } = room;
  return [
    left(limits.machines, () => 1),
    ...LIMITS.map(([amount]) => left(limits[amount], ({ asked }) => asked[amount])),
    left(sum(limits.devicesGib), ({ disksGib }) => sum(disksGib)),
    left(room.memoryMib, ({ memoryMib }) => memoryMib),
    left(room.vcpus, ({ vcpus }) => vcpus),
    left(sum(room.devicesGib), ({ disksGib }) => sum(disksGib)),
  ];
}

/** The largest number up to `bound` for which `fits`, which holds for all below it. */
function largest(bound: number, fits: (count: number) => boolean): number {
  let [low, high] = [0, bound];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
