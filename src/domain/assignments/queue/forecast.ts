import { Agenda, type Due } from "./agenda.ts";

/**
 * When the next machines of a pool are there for those who wait: the pool's near future is played through, with the
 * durations that were observed. Pure, and it makes nothing up: what was never observed takes for ever, and an estimate
 * that hangs on it is none.
 */

/** Seconds each, of the last ones that ended, in any order. */
export type Observed = {
  creates: readonly number[];
  deletes: readonly number[];
  /** From a tester's machine being claimed to its release. */
  holds: readonly number[];
};

/** A create or a delete on one of the pool's nodes. */
export type Job = {
  kind: "create" | "delete";
  /** Whether it is of this pool: its create serves the line, its delete makes room for one. */
  isOurs: boolean;
  /** For how long it has been worked on; null while it is queued. */
  seconds: number | null;
};

export type Line = {
  /** Creates and deletes that the pool's nodes work on at once. */
  slots: number;
  /** What these nodes have to do, in the order in which they take it up. */
  jobs: readonly Job[];
  /** Machines that somebody has: for how long, and seconds until they expire. */
  held: readonly { seconds: number; expiresIn: number | null }[];
  /** How many more machines `maxSize` allows; below zero where there are too many. */
  room: number;
  targetSize: number;
  /** How many wait. */
  waiting: number;
  /** Nothing is made just now: the pool is paused, or its creates keep failing. */
  halted: boolean;
  observed: Observed;
};

/**
 * Seconds until the first `count` machines are there for those who wait, the soonest first, as far as they will be.
 * @param quantile 0.5 for what is usual; below it everything is quicker than usual, above it slower
 */
export function arrivals(line: Line, count: number, quantile: number): number[] {
  return play(line, count, quantile).arrived;
}

/** The same with what it took: `steps` grows like n log n with the jobs, the machines held and those who wait. */
export function play(line: Line, count: number, quantile: number): { arrived: number[]; steps: number } {
  const arrived: number[] = [];
  if (line.halted || line.slots === 0) return { arrived, steps: 0 };
  const creates = inOrder(line.observed.creates);
  const deletes = inOrder(line.observed.deletes);
  const holds = inOrder(line.observed.holds);
  const takes = (kind: Job["kind"], since: number) =>
    remainingOf(kind === "create" ? creates : deletes, since, quantile);
  // A create or a delete that begins, and a hold that begins, take the same each time.
  const whole = {
    create: takes("create", 0),
    delete: takes("delete", 0),
    hold: remainingOf(holds, 0, quantile),
  };

  const known: Due[] = [];
  const queue = { delete: new Queue(), create: new Queue() };
  let { room } = line;
  let busy = 0;
  let coming = 0;
  for (const { kind, isOurs, seconds } of line.jobs) {
    if (kind === "create" && isOurs) coming += 1;
    if (seconds === null) queue[kind].add(isOurs);
    else {
      busy += 1;
      known.push({ at: takes(kind, seconds), what: kind, isOurs });
    }
  }
  for (const { seconds, expiresIn } of line.held) {
    const usual = remainingOf(holds, seconds, quantile);
    known.push({ at: Math.max(0, Math.min(usual, expiresIn ?? usual)), what: "release", isOurs: true });
  }

  const agenda = new Agenda(known);
  let now = 0;
  for (;;) {
    while (room > 0 && coming < line.targetSize + line.waiting - arrived.length) {
      queue.create.add(true);
      room -= 1;
      coming += 1;
    }
    while (busy < line.slots && queue.delete.length + queue.create.length > 0) {
      const kind = queue.delete.length > 0 ? "delete" : "create";
      agenda.add({ at: now + whole[kind], what: kind, isOurs: queue[kind].take() });
      busy += 1;
    }
    const next = arrived.length < count ? agenda.take() : undefined;
    if (next === undefined) return { arrived, steps: agenda.steps };
    now = next.at;
    if (next.what === "release") queue.delete.add(true);
    else {
      busy -= 1;
      if (next.isOurs && next.what === "delete") room += 1;
      if (next.isOurs && next.what === "create") {
        coming -= 1;
        arrived.push(now);
        agenda.add({ at: now + whole.hold, what: "release", isOurs: true });
      }
    }
  }
}

/** What waits for a place at work, first come first served; of each only whether it is of this pool. */
class Queue {
  readonly #entries: boolean[] = [];
  #head = 0;

  get length(): number {
    return this.#entries.length - this.#head;
  }

  add(isOurs: boolean): void {
    this.#entries.push(isOurs);
  }

  take(): boolean {
    this.#head += 1;
    return this.#entries[this.#head - 1] === true;
  }
}

/**
 * Seconds that something still takes which has gone on for `since`, by those that took longer than that. What has
 * outlasted all of them is expected to go on for a part of the time it already took.
 */
export function remaining(observed: readonly number[], since: number, quantile: number): number {
  return remainingOf(inOrder(observed), since, quantile);
}

function inOrder(observed: readonly number[]): number[] {
  return observed.toSorted((one, other) => one - other);
}

/** `remaining` of what is in order. */
function remainingOf(observed: readonly number[], since: number, quantile: number): number {
  if (observed.length === 0) return Number.POSITIVE_INFINITY;
  let first = 0;
  while ((observed[first] ?? Number.POSITIVE_INFINITY) <= since) first += 1;
  if (first === observed.length) return since * quantile;
  const place = quantile * (observed.length - first - 1);
  const at = first + Math.floor(place);
  const below = observed[at] ?? 0;
  const above = observed[at + 1] ?? below;
  return below + (above - below) * (place - Math.floor(place)) - since;
}
