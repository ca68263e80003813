/**
 * Whether disks fit on devices, each disk whole on one. Exact where the answer can be found by looking at a bounded number
 * of ways to fill a device, which is so for the few sizes that the pools of one node have; beyond that a disk is counted as
 * fitting only where largest-first into the tightest device finds it a place. Wrong in one direction only: what is said
 * to fit does fit.
 */

/** So many disks of one size. */
export type Disks = { gib: number; count: number };

/**
 * How many more ways to fill a device may be looked at. One question about a node has one budget, however often it asks
 * for a packing on its way: what a node reports decides how hard its packing is, and everybody waits for the answer.
 */
export class Looks {
  #left: number;

  constructor(left: number) {
    this.#left = left;
  }

  get left(): number {
    return this.#left;
  }

  /** @returns whether there was one left. */
  take(): boolean {
    if (this.#left > 0) this.#left -= 1;
    return this.#left > 0;
  }
}

/** What one question may cost: tens of milliseconds. */
export const MOST_LOOKS = 20_000;
/** With more sizes than that no search is begun: each look at a device costs as much as there are sizes. */
const MOST_SIZES = 16;

/** @param devices free room of each, and @param disks the sizes, in the same unit */
export function disksFit(
  devices: readonly number[],
  disks: readonly Disks[],
  looks: Looks = new Looks(MOST_LOOKS),
): boolean {
  const sizes = bySize(disks);
  if (sizes.length === 0) return true;
  if (tightestFit(devices, sizes)) return true;
  return sizes.length <= MOST_SIZES && new Search(devices, sizes, looks).found();
}

/** Largest first, each size once. */
function bySize(disks: readonly Disks[]): Disks[] {
  const counts = new Map<number, number>();
  for (const { gib, count } of disks) if (count > 0) counts.set(gib, (counts.get(gib) ?? 0) + count);
  return [...counts].map(([gib, count]) => ({ gib, count })).toSorted((one, other) => other.gib - one.gib);
}

function most(room: number, { gib, count }: Disks): number {
  return gib === 0 ? count : Math.min(count, Math.floor(room / gib));
}

/** Largest first, each into the device that it leaves the least on: the tightest takes as many of a size as it can. */
function tightestFit(devices: readonly number[], sizes: readonly Disks[]): boolean {
  const free = [...devices];
  for (const size of sizes) {
    free.sort((one, other) => one - other);
    let left = size.count;
    for (const [at, room] of free.entries()) {
      const placed = room >= size.gib ? most(room, { gib: size.gib, count: left }) : 0;
      free[at] = room - placed * size.gib;
      left -= placed;
      if (left === 0) break;
    }
    if (left > 0) return false;
  }
  return true;
}

/**
 * Device by device, every way to fill it so that nothing more fits on it: if there is any packing at all there is one
 * of such. What is left to place, by size, is all that the following devices depend on.
 */
class Search {
  readonly #devices: readonly number[];
  readonly #sizes: readonly Disks[];
  readonly #looks: Looks;
  readonly #hopeless = new Set<string>();

  constructor(devices: readonly number[], sizes: readonly Disks[], looks: Looks) {
    this.#devices = devices.toSorted((one, other) => other - one);
    this.#sizes = sizes;
    this.#looks = looks;
  }

  found(): boolean {
    return this.#from(
      0,
      this.#sizes.map(({ count }) => count),
    );
  }

  #from(device: number, left: readonly number[]): boolean {
    if (left.every((count) => count === 0)) return true;
    const room = this.#devices[device];
    if (room === undefined) return false;
    const key = `${device}:${left.join(",")}`;
    if (this.#hopeless.has(key)) return false;
    if (this.#filled(device, room, 0, left)) return true;
    this.#hopeless.add(key);
    return false;
  }

  #filled(device: number, room: number, size: number, left: readonly number[]): boolean {
    if (!this.#looks.take()) return false;
    const one = this.#sizes[size];
    if (one === undefined) {
      const more = this.#sizes.some(({ gib }, at) => (left[at] ?? 0) > 0 && gib <= room);
      return !more && this.#from(device + 1, left);
    }
    const there = left[size] ?? 0;
    // Once the budget is spent every frame that is left ends at once, however many counts it had still to try.
    for (
      let count = most(room, { gib: one.gib, count: there });
      count >= 0 && this.#looks.left > 0;
      count -= 1
    ) {
      const rest = left.with(size, there - count);
      if (this.#filled(device, room - count * one.gib, size + 1, rest)) return true;
    }
    return false;
  }
}
