import { MACHINE_STATES, type MachineState } from "../../contract/machine.ts";
import { MACHINE_COUNTS } from "../core/states.ts";

/**
 * What the plan looks at. Counts are of rows; `readyOffline` are ready machines on nodes that are not online. Nothing
 * here is there before it is ready: what is expected counts against making too many, and never as stock.
 */
export type PoolSituation = {
  targetSize: number;
  maxSize: number;
  waiting: number;
  counts: Record<Exclude<MachineState, "deleted">, number>;
  readyOffline: number;
  /** Machines being deleted that never became ready and have been so for less than an hour. */
  failedCreatesDeleting: number;
  /** Ready machines, on nodes that are online and not braked, that the pool's spec has left behind. */
  staleReady: number;
  /** Machines whose delete began lately or is still being worked on: one that is stuck counts no more. */
  lately: number;
  /** Machines that gave way in a rollout and whose delete is stuck. */
  stuckReplaced: number;
  /** What nobody can count on: on nodes that are silent, and suspects of braked ones. */
  outOfReach: {
    /** Creates that the relay of a silent node had begun. */
    provisioning: number;
    suspect: number;
    /** Machines of silent nodes that nobody has: all but assigned and held ones. */
    population: number;
  };
  paused: boolean;
  /** Creates that failed in a row; the next may only be tried when `backoffOver`. */
  createFailures: number;
  backoffOver: boolean;
};

/** What is lacking follows from these; the rest is about what gives way. */
export type PoolStock = Omit<
  PoolSituation,
  "staleReady" | "lately" | "stuckReplaced" | "paused" | "createFailures" | "backoffOver"
>;

export type PoolPlan = {
  /** Machines to create now. */
  create: number;
  /** Ready machines to take down now: at most one a sweep. */
  shrink: number;
  /**
   * Whether a stale machine should go next: `after` the one that is created for it now, or `first`, where `maxSize` has
   * no room for two.
   */
  replace: "after" | "first" | null;
  /** What keeps the pool from creating what it lacks, if anything does. */
  blocked: "paused" | "max_size" | "backoff" | null;
};

/**
 * How many machines to create and to take down. A deficit counts everything that will become, or already is, a
 * machine for somebody, on a braked node too: its suspects are not believed dead, and a bridge that is down for a minute
 * must not have as many made elsewhere. And everything not proven gone takes its place under `maxSize`. While creates keep failing
 * one is tried at a time. A full pool with stale machines gets one more, and then has one too many, the stale ones first
 * to go: so they are replaced one at a time and the pool stays filled.
 */
export function planPool(situation: PoolSituation): PoolPlan {
  const { counts, outOfReach } = situation;
  const { readyOnline, coming, wanted, room, lacking } = lackOf(situation);
  // What was made beyond `maxSize` while a silent node held the rest goes when that node is back, as far as nobody has it.
  const beyond = population(counts) - counts.deleting - situation.maxSize;
  const surplus =
    situation.waiting === 0
      ? Math.max(0, readyOnline - situation.targetSize, Math.min(beyond, readyOnline))
      : 0;
  const shrink = situation.paused ? 0 : Math.min(1, surplus);
  const plan: PoolPlan = { create: 0, shrink, replace: null, blocked: null };
  if (situation.paused) return { ...plan, blocked: lacking > 0 ? "paused" : null };
  const replace = lacking === 0 && situation.staleReady > 0 && coming === wanted;
  if (lacking === 0 && !replace) return plan;
  if (!situation.backoffOver) return { ...plan, blocked: "backoff" };
  if (replace && room === 0) return { ...plan, replace: isAllThere(situation) ? "first" : null };
  if (room === 0) return { ...plan, replace: mayGoFirst(situation) ? "first" : null, blocked: "max_size" };
  const create = replace ? 1 : Math.min(lacking, room);
  const making = counts.provisioning - outOfReach.provisioning;
  const tries = situation.createFailures === 0 ? create : Math.max(0, 1 - making);
  return {
    ...plan,
    create: Math.min(create, tries),
    replace: replace && tries > 0 ? "after" : null,
    blocked: tries < create ? "backoff" : null,
  };
}

export type Lack = {
  /** Ready machines that can be claimed. */
  readyOnline: number;
  /** Those and all that is expected to become one. */
  coming: number;
  wanted: number;
  /** What has to be made: what is not coming of `wanted`, and for testers who wait whatever only machines out of reach would cover. */
  lacking: number;
  /** How many machines may be made now. */
  room: number;
};

/**
 * What a pool lacks, and how much of it `maxSize` lets it make. Testers who wait come before machines that nobody can
 * reach: what a silent node has neither serves them nor keeps the room that their machine needs. Only as many are made
 * beyond `maxSize` as wait, and what can be reached never exceeds it.
 */
export function lackOf(stock: PoolStock): Lack {
  const { counts, outOfReach, waiting, maxSize } = stock;
  const readyOnline = counts.ready - stock.readyOffline;
  const wanted = stock.targetSize + waiting;
  const coming = readyOnline + counts.suspect + counts.provisioning + stock.failedCreatesDeleting;
  const deficit = Math.max(0, wanted - coming);
  const unserved = Math.max(0, waiting - (coming - outOfReach.provisioning - outOfReach.suspect));
  const taken = population(counts);
  const room = Math.max(0, maxSize - taken);
  const roomInReach = Math.max(0, maxSize - (taken - outOfReach.population));
  return {
    readyOnline,
    coming,
    wanted,
    lacking: Math.max(deficit, unserved),
    room: Math.max(room, Math.min(unserved, roomInReach)),
  };
}

/**
 * Whether one of the pool's machines may go before its successor is made. What is coming is not there yet: neither a
 * machine that is being made nor a suspect, and what is leaving has not given back its room.
 */
export function isAllThere({
  counts,
  readyOffline,
  failedCreatesDeleting,
  lately,
}: Pick<PoolSituation, "counts" | "readyOffline" | "failedCreatesDeleting" | "lately">): boolean {
  return counts.provisioning + counts.suspect + readyOffline + failedCreatesDeleting + lately === 0;
}

/**
 * Whether a stale machine of a full pool gives its room to a new one though the pool lacks some already: what keeps the
 * room, testers or deletes that are stuck, may do so for ever, and a rollout does not wait for it. Still one at a time, and
 * not while the room of one that it took down itself is kept by a stuck delete: that one was not made again, and a second
 * would leave the pool two short.
 */
function mayGoFirst(situation: PoolSituation): boolean {
  const { staleReady, stuckReplaced, createFailures } = situation;
  return staleReady > 0 && stuckReplaced === 0 && createFailures === 0 && isAllThere(situation);
}

/** How many machines take room under `maxSize`. */
export function population(counts: PoolSituation["counts"]): number {
  return MACHINE_STATES.reduce(
    (sum, state) => (state !== "deleted" && MACHINE_COUNTS[state].capacity ? sum + counts[state] : sum),
    0,
  );
}
