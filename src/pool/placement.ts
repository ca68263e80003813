import { disksFit } from "./packing.ts";

/**
 * How many machines really fit on a node, found by placing them and not by dividing totals. CPUs and memory are one
 * heap each; disks are not: each has to fit whole on one device. Pure, and the same for the report that a person reads
 * and for the create that takes the room.
 */

/** What may still be promised on a node: all that is there already has been taken off. Memory in MiB, disks in GiB. */
export type Room = {
  /** Virtual CPUs, overcommit included. */
  vcpus: number;
  memoryMib: number;
  /** Free room of each device on its own. */
  devicesGib: readonly number[];
  /** Machines that may still be made whatever their size; null where nothing says so. */
  machines: number | null;
  /** Bound on all further disks together, whatever device they are on; null where nothing says so. */
  disksGib: number | null;
};

/** What one machine takes, its overheads included. */
export type Footprint = {
  vcpus: number;
  memoryMib: number;
  /** What it takes besides while it boots: some machines of a node do so at a time. */
  bootMemoryMib: number;
  disksGib: readonly number[];
};

export const CONSTRAINTS = ["cpu", "memory", "disk", "disk_total", "machines"] as const;
/** What keeps the next machine out. `disk`: no device has room for it whole. */
export type Constraint = (typeof CONSTRAINTS)[number];

export type Placement = {
  count: number;
  /** Null only where nothing binds, which is where a footprint is empty. */
  binding: Constraint | null;
  /** How many more the devices would take if they were one. */
  fragmented: number;
};

/** No node makes more machines than that, so that an empty footprint has an answer. */
const MOST = 10_000;

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
  const fits = (count: number) =>
    blocker(room, [...booked, ...Array<Footprint>(count).fill(one)], booting) === null;
  const byTotals = Math.max(0, Math.min(MOST, byDisksTogether(room, booked, one)));
  const bound = Math.max(0, Math.min(MOST, ...heaps(room, booked, one), byTotals));
  const count = fits(0) ? largest(bound, fits) : 0;
  const binding = blocker(room, [...booked, ...Array<Footprint>(count + 1).fill(one)], booting);
  const fragmented = binding === "disk" ? Math.max(0, bound - count) : 0;
  return { count, binding: count === MOST ? null : binding, fragmented };
}

/** The first constraint that keeps these machines from all being there; null where they fit. */
export function blocker(room: Room, machines: readonly Footprint[], booting: number): Constraint | null {
  if (machines.length === 0) return null;
  const disks = machines.flatMap((machine) => machine.disksGib);
  if (room.machines !== null && machines.length > room.machines) return "machines";
  if (sum(machines.map((machine) => machine.memoryMib)) + peak(machines, booting) > room.memoryMib)
    return "memory";
  if (sum(machines.map((machine) => machine.vcpus)) > room.vcpus) return "cpu";
  if (room.disksGib !== null && sum(disks) > room.disksGib) return "disk_total";
  return disksFit(room.devicesGib, disks) ? null : "disk";
}

/** The most that those which boot at the same time take besides. */
function peak(machines: readonly Footprint[], booting: number): number {
  const extras = machines.map((machine) => machine.bootMemoryMib).toSorted((one, other) => other - one);
  return sum(extras.slice(0, booting));
}

/** How many fit by each heap alone. */
function heaps(room: Room, booked: readonly Footprint[], one: Footprint): number[] {
  const left = (have: number, of: (machine: Footprint) => number) =>
    of(one) === 0 ? MOST : Math.floor((have - sum(booked.map(of))) / of(one));
  return [
    room.machines === null ? MOST : room.machines - booked.length,
    left(room.memoryMib, (machine) => machine.memoryMib),
    left(room.vcpus, (machine) => machine.vcpus),
    room.disksGib === null ? MOST : left(room.disksGib, diskTotal),
  ];
}

function byDisksTogether(room: Room, booked: readonly Footprint[], one: Footprint): number {
  const disks = diskTotal(one);
  return disks === 0 ? MOST : Math.floor((sum(room.devicesGib) - sum(booked.map(diskTotal))) / disks);
}

function diskTotal(machine: Footprint): number {
  return sum(machine.disksGib);
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
