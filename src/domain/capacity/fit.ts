import type { Constraint } from "../../contract/capacity.ts";
import { disksFit, Looks, MOST_LOOKS } from "./packing.ts";

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
  /** The remainder of configured limits; infinite if there is none. */
  limits: Limited & { machines: number; devicesGib: readonly number[] };
  /** The maximum size of one machine, if the node does not reserve by shape; else infinite. */
  largest: Amounts;
};

/** The resources that limits can apply to, except the number of machines and the disks of one device. */
export type Limited = Amounts & { processes: number; containers: number; virtualMachines: number };

/** What one machine takes. */
export type Footprint = {
  /** With its overheads, of the node itself. */
  vcpus: number;
  memoryMib: number;
  disksGib: readonly number[];
  /** What it uses additionally while it boots; a few machines of a node boot at a time. */
  bootMemoryMib: number;
  /** Of the limits, which know the shape and the type only. */
  asked: Limited;
};

/** `binding` is null only if nothing binds, as for an empty footprint. */
export type Placement = { count: number; binding: Constraint | null };

/** No node makes more machines than that, so that a footprint of nothing has an answer. */
export const MOST_MACHINES = 10_000;

/** So many machines of one footprint. */
type Group = { footprint: Footprint; count: number };

/**
 * The number of machines of one footprint that fit beside those that are `booked`: promised, and not seen on the node
 * yet. None where even those do not fit. What it costs depends on the number of different footprints and of devices, and
 * not on the number of machines.
 * @param booting how many machines of a node boot at a time
 * @param looks what may be spent on packing disks
 */
export function placeable(
  room: Room,
  booked: readonly Footprint[],
  one: Footprint,
  booting: number,
  looks: Looks = new Looks(MOST_LOOKS),
): Placement {
  const groups = grouped(booked);
  const blockedAt = (count: number, spend: Looks) =>
    blockerOf(room, [...groups, { footprint: one, count }], booting, spend);
  const bound = Math.max(0, Math.min(MOST_MACHINES, ...heaps(room, groups, one)));
  // Where the simple way leads first, and from there one by one: a count that does not fit is what takes all looks.
  let count = largest(bound, (tried) => blockedAt(tried, new Looks(0)) === null);
  if (count === 0 && blockedAt(0, looks) !== null) return { count: 0, binding: blockedAt(1, looks) };
  let binding = blockedAt(count + 1, looks);
  while (binding === null && count < MOST_MACHINES) {
    count += 1;
    binding = blockedAt(count + 1, looks);
  }
  return { count, binding: count === MOST_MACHINES ? null : binding };
}

/** Whether one more fits, which is found without counting how many. */
export function fitsOneMore(
  room: Room,
  booked: readonly Footprint[],
  one: Footprint,
  booting: number,
  looks: Looks = new Looks(MOST_LOOKS),
): boolean {
  return blockerOf(room, [...grouped(booked), { footprint: one, count: 1 }], booting, looks) === null;
}

/** The first constraint that keeps these machines from all being there; null where they fit. */
export function blocker(room: Room, machines: readonly Footprint[], booting: number): Constraint | null {
  return blockerOf(room, grouped(machines), booting, new Looks(MOST_LOOKS));
}

/** Those of equal footprint together. */
function grouped(machines: readonly Footprint[]): Group[] {
  const groups = new Map<string, Group>();
  for (const footprint of machines) {
    const key = JSON.stringify(footprint);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { footprint, count: 1 });
    else group.count += 1;
  }
  return [...groups.values()];
}

function blockerOf(room: Room, groups: readonly Group[], booting: number, looks: Looks): Constraint | null {
  const total = (of: (machine: Footprint) => number) => totalOf(groups, of);
  const machines = total(() => 1);
  if (machines === 0) return null;
  const { limits } = room;
  if (groups.some(({ footprint, count }) => count > 0 && isOver(footprint.asked, room.largest)))
    return "too_large";
  if (machines > limits.machines) return "limit_machines";
  for (const [amount, constraint] of LIMITS) {
    if (total(({ asked }) => asked[amount]) > limits[amount]) return constraint;
  }
  if (total(({ memoryMib }) => memoryMib) + peak(groups, booting) > room.memoryMib) return "memory";
  if (total(({ vcpus }) => vcpus) > room.vcpus) return "cpu";
  const disks = groups.flatMap(({ footprint, count }) => footprint.disksGib.map((gib) => ({ gib, count })));
  if (limits.devicesGib.every((left) => left === Number.POSITIVE_INFINITY))
    return disksFit(room.devicesGib, disks, looks) ? null : "disk";
  if (!disksFit(limits.devicesGib, disks, looks)) return "limit_disk";
  const both = room.devicesGib.map((free, at) => Math.min(free, limits.devicesGib[at] ?? free));
  return disksFit(both, disks, looks) ? null : "disk";
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

/** The maximum additional use of the machines that boot at the same time. */
function peak(groups: readonly Group[], booting: number): number {
  let [left, extra] = [booting, 0];
  const largest = groups.toSorted(
    (one, other) => other.footprint.bootMemoryMib - one.footprint.bootMemoryMib,
  );
  for (const { footprint, count } of largest) {
    const boot = Math.min(left, count);
    extra += boot * footprint.bootMemoryMib;
    left -= boot;
  }
  return extra;
}

/** How many fit by each heap alone. */
function heaps(room: Room, booked: readonly Group[], one: Footprint): number[] {
  const left = (have: number, of: (machine: Footprint) => number) =>
    of(one) === 0 ? MOST_MACHINES : Math.floor((have - totalOf(booked, of)) / of(one));
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

function totalOf(groups: readonly Group[], of: (machine: Footprint) => number): number {
  return sum(groups.map(({ footprint, count }) => count * of(footprint)));
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
