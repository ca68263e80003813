import { MACHINE_STATES, type MachineState } from "../contract/machine.ts";
import { MACHINE_COUNTS } from "./states.ts";

/** What the plan looks at. Counts are of rows; `readyOffline` are ready machines on nodes that are not online. */
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
  /** Machines whose delete began lately: one that is stuck counts no more. */
  lately: number;
  paused: boolean;
  /** Creates that failed in a row; the next may only be tried when `backoffOver`. */
  createFailures: number;
  backoffOver: boolean;
};

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
  const { counts } = situation;
  const readyOnline = counts.ready - situation.readyOffline;
  const wanted = situation.targetSize + situation.waiting;
  const coming = readyOnline + counts.suspect + counts.provisioning + situation.failedCreatesDeleting;
  const deficit = Math.max(0, wanted - coming);
  const room = Math.max(0, situation.maxSize - population(counts));
  const surplus = situation.waiting === 0 ? Math.max(0, readyOnline - situation.targetSize) : 0;
  const shrink = situation.paused ? 0 : Math.min(1, surplus);
  const plan: PoolPlan = { create: 0, shrink, replace: null, blocked: null };
  if (situation.paused) return { ...plan, blocked: deficit > 0 ? "paused" : null };
  const replace = deficit === 0 && situation.staleReady > 0 && coming === wanted;
  if (deficit === 0 && !replace) return plan;
  if (!situation.backoffOver) return { ...plan, blocked: "backoff" };
  if (replace && room === 0) return { ...plan, replace: situation.lately === 0 ? "first" : null };
  if (room === 0) return { ...plan, replace: mayGoFirst(situation) ? "first" : null, blocked: "max_size" };
  const create = replace ? 1 : Math.min(deficit, room);
  const tries = situation.createFailures === 0 ? create : Math.max(0, 1 - counts.provisioning);
  return {
    ...plan,
    create: Math.min(create, tries),
    replace: replace && tries > 0 ? "after" : null,
    blocked: tries < create ? "backoff" : null,
  };
}

/**
 * Whether a stale machine of a full pool gives its room to a new one though the pool lacks some already: what keeps the
 * room, deletes that are stuck or testers, may do so for ever, and a rollout does not wait for it. Still one at a time.
 */
function mayGoFirst({ staleReady, lately, counts, createFailures }: PoolSituation): boolean {
  return staleReady > 0 && lately === 0 && counts.provisioning === 0 && createFailures === 0;
}

/** How many machines take room under `maxSize`. */
export function population(counts: PoolSituation["counts"]): number {
  return MACHINE_STATES.reduce(
    (sum, state) => (state !== "deleted" && MACHINE_COUNTS[state].capacity ? sum + counts[state] : sum),
    0,
  );
}

/**
 * The bound of R6: creates that a pool begins in any hour while none succeeds, however fast they fail, beyond the first
 * batch of what it lacked. It follows from the waits below, and a test holds it.
 */
export const FAILING_CREATES_PER_HOUR = 16;

/** Seconds until the next create after so many failures in a row: 5 s, doubling, 10 minutes at most, ± 20 %. */
export function createBackoffSeconds(failures: number, random: number): number {
  if (failures <= 1) return 0;
  return Math.min(600, 5 * 2 ** (failures - 2)) * (0.8 + 0.4 * random);
}

/** Seconds until what is tried for ever, such as a delete, is tried again: 2 s, doubling, 5 minutes at most, ± 20 %. It never ends. */
export function retryBackoffSeconds(attempt: number, random: number): number {
  return Math.min(300, 2 ** Math.min(attempt, 10)) * (0.8 + 0.4 * random);
}
