/**
 * Whether disks fit on devices, each disk whole on one. Exact where the answer can be found by looking at `MOST_LOOKS`
 * ways to fill a device, which is so for the few sizes that the pools of one node have; beyond that a disk is counted as
 * fitting only where largest-first into the tightest device finds it a place. Wrong in one direction only: what is said
 * to fit does fit.
 */
const MOST_LOOKS = 20_000;

/** @param devices free room of each, and @param disks the size of each, in the same unit */
export function disksFit(devices: readonly number[], disks: readonly number[]): boolean {
  if (disks.length === 0) return true;
  return tightestFit(devices, disks) || new Search(devices, disks).found();
}

/** Largest first, each into the device that it leaves the least on. */
function tightestFit(devices: readonly number[], disks: readonly number[]): boolean {
  const free = [...devices];
  for (const disk of descending(disks)) {
    let tightest = -1;
    for (const [at, room] of free.entries()) {
      if (room >= disk && (tightest < 0 || room < (free[tightest] ?? 0))) tightest = at;
    }
    if (tightest < 0) return false;
    free[tightest] = (free[tightest] ?? 0) - disk;
  }
  return true;
}

/**
 * Device by device, every way to fill it so that nothing more fits on it: if there is any packing at all there is one
 * of such. What is left to place, by size, is all that the following devices depend on.
 */
class Search {
  readonly #devices: readonly number[];
  readonly #sizes: readonly number[];
  readonly #counts: readonly number[];
  readonly #hopeless = new Set<string>();
  #looks = 0;

  constructor(devices: readonly number[], disks: readonly number[]) {
    this.#devices = descending(devices);
    this.#sizes = [...new Set(descending(disks))];
    this.#counts = this.#sizes.map((size) => disks.filter((disk) => disk === size).length);
  }

  found(): boolean {
    return this.#from(0, this.#counts);
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
    this.#looks += 1;
    if (this.#looks > MOST_LOOKS) return false;
    const one = this.#sizes[size];
    if (one === undefined) {
      const more = this.#sizes.some((other, at) => (left[at] ?? 0) > 0 && other <= room);
      return !more && this.#from(device + 1, left);
    }
    const there = left[size] ?? 0;
    const most = one === 0 ? there : Math.min(there, Math.floor(room / one));
    for (let count = most; count >= 0; count -= 1) {
      const rest = left.map((other, at) => (at === size ? there - count : other));
      if (this.#filled(device, room - count * one, size + 1, rest)) return true;
    }
    return false;
  }
}

function descending(numbers: readonly number[]): number[] {
  return numbers.toSorted((one, other) => other - one);
}
