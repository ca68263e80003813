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

type Due = { at: number; what: "create" | "delete" | "release"; isOurs: boolean };

/**
 * Seconds until the first `count` machines are there for those who wait, the soonest first, as far as they will be.
 * @param quantile 0.5 for what is usual; below it everything is quicker than usual, above it slower
 */
export function arrivals(line: Line, count: number, quantile: number): number[] {
  if (line.halted || line.slots === 0) return [];
  const arrived: number[] = [];
  const due: Due[] = [];
  const queue = { delete: [] as boolean[], create: [] as boolean[] };
  let { room } = line;
  let busy = 0;
  let coming = 0;
  const soon = (one: Due) => {
    if (Number.isFinite(one.at)) due.push(one);
  };
  const takes = (kind: Job["kind"], since: number) =>
    remaining(kind === "create" ? line.observed.creates : line.observed.deletes, since, quantile);

  for (const { kind, isOurs, seconds } of line.jobs) {
    if (kind === "create" && isOurs) coming += 1;
    if (seconds === null) queue[kind].push(isOurs);
    else {
      busy += 1;
      soon({ at: takes(kind, seconds), what: kind, isOurs });
    }
  }
  for (const { seconds, expiresIn } of line.held) {
    const usual = remaining(line.observed.holds, seconds, quantile);
    soon({ at: Math.max(0, Math.min(usual, expiresIn ?? usual)), what: "release", isOurs: true });
  }

  let now = 0;
  for (;;) {
    while (room > 0 && coming < line.targetSize + line.waiting - arrived.length) {
      queue.create.push(true);
      room -= 1;
      coming += 1;
    }
    while (busy < line.slots && queue.delete.length + queue.create.length > 0) {
      const kind = queue.delete.length > 0 ? "delete" : "create";
      soon({ at: now + takes(kind, 0), what: kind, isOurs: queue[kind].shift() === true });
      busy += 1;
    }
    const next = due.toSorted((one, other) => one.at - other.at)[0];
    if (next === undefined || arrived.length >= count) return arrived;
    due.splice(due.indexOf(next), 1);
    now = next.at;
    if (next.what === "release") queue.delete.push(true);
    else {
      busy -= 1;
      if (next.isOurs && next.what === "delete") room += 1;
      if (next.isOurs && next.what === "create") {
        coming -= 1;
        arrived.push(now);
        soon({ at: now + remaining(line.observed.holds, 0, quantile), what: "release", isOurs: true });
      }
    }
  }
}

/**
 * Seconds that something still takes which has gone on for `since`, by those that took longer than that. What has
 * outlasted all of them is expected to go on for a part of the time it already took.
 */
export function remaining(observed: readonly number[], since: number, quantile: number): number {
  if (observed.length === 0) return Number.POSITIVE_INFINITY;
  const longer = observed.filter((seconds) => seconds > since).toSorted((one, other) => one - other);
  if (longer.length === 0) return since * quantile;
  const place = quantile * (longer.length - 1);
  const [below = 0, above = below] = longer.slice(Math.floor(place), Math.floor(place) + 2);
  return below + (above - below) * (place - Math.floor(place)) - since;
}
