import { Agenda, type Due } from "./agenda.ts";

/**
 * When the next machines of a pool become available for waiting testers: the pool's near future is simulated with the
 * observed durations. Pure, and without guesses: a duration that was never observed is infinite, and an estimate
 * that depends on it does not exist.
 */

/** Observed durations in seconds, in any order. */
export type Observed = {
  creates: readonly number[];
  deletes: readonly number[];
  /** From the claim of a machine to its release. */
  holds: readonly number[];
};

/** A create or a delete on one of the pool's nodes. */
export type Job = {
  kind: "create" | "delete";
  /** Whether it belongs to this pool: its create serves the queue, its delete makes room for another one. */
  isOurs: boolean;
  /** How long it has been running; null while it is queued. */
  seconds: number | null;
};

export type Line = {
  /** Concurrent creates and deletes on the pool's nodes. */
  slots: number;
  /** The operations of these nodes, in the order in which they will start. */
  jobs: readonly Job[];
  /** Assigned machines: how long they have been, and seconds until they expire. */
  held: readonly { seconds: number; expiresIn: number | null }[];
  /** How many more machines `maxSize` allows; negative if there are too many. */
  room: number;
  targetSize: number;
  /** The number of waiting testers. */
  waiting: number;
  /** No machine is created now: the pool is paused, or its creates keep failing. */
  halted: boolean;
  observed: Observed;
};

/**
 * Seconds until each of the first `count` machines becomes available for waiting testers, the soonest first.
 * @param quantile 0.5 for what is usual; below it everything is quicker than usual, above it slower
 */
export function arrivals(line: Line, count: number, quantile: number): number[] {
  return play(line, count, quantile).arrived;
}

/** The same with its cost: `steps` grows like n log n with the operations, the assigned machines and the waiting testers. */
// oxlint-disable-next-line complexity -- one loop over what happens next; its parts share all of its state
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

/** Operations that wait for a slot, first come first served; for each only whether it belongs to this pool. */
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
 * The remaining seconds of something that has been running for `since`, by the observations that took longer. What has
 * outlasted all of them is expected to continue for a part of the time it already took.
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
