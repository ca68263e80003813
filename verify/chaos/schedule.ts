import { seeded, shuffled } from "../../test/helpers/random.ts";

/**
 * What happens when, decided before anything runs: the same seed gives the same schedule. Which of the machines that
 * are there then is hit follows from `pick`, since their names are not known beforehand.
 */
export type FaultKind = keyof typeof FAULTS;

export type PlannedFault = {
  /** Seconds after the faults begin. */
  at: number;
  kind: FaultKind;
  /** From 0 to 1: which of those that can suffer it. */
  pick: number;
  /** How long it lasts, for what ends again, or lies in wait for somebody to hit; else 0. */
  seconds: number;
};

/**
 * Every kind: what it is in words, and between which seconds it lasts. Those of the far node leave it time in which it
 * can work.
 */
export const FAULTS = {
  relay_killed: { says: "kill -9 of a relay", lasts: [0, 0] },
  edge_killed: { says: "kill -9 of an edge", lasts: [0, 0] },
  postgres_killed: { says: "kill -9 of Postgres", lasts: [0, 0] },
  everything_killed: { says: "kill -9 of every part and its supervisor", lasts: [0, 0] },
  relay_frozen: { says: "a relay frozen", lasts: [5, 20] },
  edge_frozen: { says: "an edge frozen", lasts: [2, 10] },
  postgres_frozen: { says: "Postgres frozen", lasts: [2, 10] },
  machine_killed: { says: "a machine killed", lasts: [0, 0] },
  machine_frozen: { says: "a machine frozen", lasts: [5, 40] },
  machine_vanished: { says: "a machine vanished from its node", lasts: [0, 0] },
  relay_replaced: { says: "a relay frozen, and another one in its place", lasts: [5, 90] },
  relay_link_silent: { says: "half open: relay and edge", lasts: [5, 30] },
  database_link_silent: { says: "half open: edge and Postgres", lasts: [5, 25] },
  machine_link_silent: { says: "half open: relay and machine", lasts: [5, 60] },
  relay_link_cut: { says: "cut: relay and edge", lasts: [10, 30] },
  database_link_cut: { says: "cut: edge and Postgres", lasts: [10, 30] },
  machine_link_cut: { says: "cut: relay and machine", lasts: [10, 30] },
  database_failed_over: { says: "a database that fails over", lasts: [6, 15] },
  database_pooled: { says: "a pooler before Postgres", lasts: [8, 25] },
  relay_busy: { says: "a relay too busy to listen", lasts: [40, 70] },
  machine_read_only: { says: "a machine that nobody can write to", lasts: [0, 0] },
  machine_full: { says: "a machine without room on its disk", lasts: [0, 0] },
  machine_copied: { says: "a machine that a person copied", lasts: [0, 0] },
  machine_renamed: { says: "a machine that a person stopped and renamed", lasts: [0, 0] },
  clock_jumped: { says: "the clock of a relay's host jumped", lasts: [10, 60] },
  driver_slow: { says: "a slow driver", lasts: [3, 15] },
  driver_hanging: { says: "a driver that never answers", lasts: [3, 20] },
  driver_failing: { says: "a driver that fails", lasts: [3, 10] },
  driver_full: { says: "a driver without room", lasts: [3, 10] },
  driver_untrue_deletes: { says: "a driver that says deleted and deletes nothing", lasts: [3, 12] },
  driver_half_deletes: { says: "a driver that leaves the disk behind", lasts: [3, 12] },
  driver_empty_listings: { says: "a driver that lists nothing", lasts: [3, 15] },
  driver_cut_listings: { says: "a driver that lists a half", lasts: [3, 15] },
  driver_lost_answers: { says: "a driver that does it and says it failed", lasts: [3, 10] },
} as const satisfies Record<string, { says: string; lasts: readonly [number, number] }>;

export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];

/** Between one fault and the next: close enough to meet, far enough apart for work to get done. */
const GAP_SECONDS = [3, 8] as const;

/**
 * Faults of the kinds given for so many minutes, in order. Every kind comes once before one comes twice, so that a
 * short run has as many different ones as fit.
 */
export function planFaults(
  seed: number,
  minutes: number,
  kinds: readonly FaultKind[] = FAULT_KINDS,
): PlannedFault[] {
  const random = seeded(seed);
  const between = ([low, high]: readonly [number, number]) => low + random() * (high - low);
  const planned: PlannedFault[] = [];
  let deck: FaultKind[] = [];
  for (let at = between(GAP_SECONDS); at < minutes * 60; at += between(GAP_SECONDS)) {
    if (deck.length === 0) deck = shuffled(kinds, random);
    const kind = deck.pop();
    if (kind === undefined) break;
    planned.push({ at, kind, pick: random(), seconds: between(FAULTS[kind].lasts) });
  }
  return planned;
}
