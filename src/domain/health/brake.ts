/**
 * When a node's dead machines are not believed. Most of them dead at once means a broken bridge, relay or store far more
 * often than dead machines, and tearing them down would turn an outage into a loss. So nothing is torn down until a
 * canary, a machine made meanwhile, gets ready, or most answer again, or a person says that the dead are dead.
 */
export type Tally = { probed: number; answered: number; dead: number };

export type BrakeFacts = {
  /** Null if there is no brake; else who released it. */
  standing: null | { released: "canary" | "person" | null };
  /** What was last heard from the node's ready, suspect and assigned machines. */
  machines: Tally;
  /** The part of them that got ready since a canary released the brake. */
  witnesses: Tally;
  /** Whether all of them were probed now, in a probe that started after the brake was released. */
  whole: boolean;
};

export type BrakeVerdict = {
  /** `renew`: the canary that released the brake is dead or gone itself, so it proved nothing. */
  step: "none" | "trip" | "renew" | "lift";
  /** Whether machines that have failed often enough may be torn down now. */
  mayTearDown: boolean;
};

/** Decides on the brake of one node after something was heard from its machines. */
export function judgeBrake({ standing, machines, witnesses, whole }: BrakeFacts): BrakeVerdict {
  if (standing === null) {
    return mostDead(machines) ? { step: "trip", mayTearDown: false } : { step: "none", mayTearDown: true };
  }
  if (mostAlive(machines)) return { step: "lift", mayTearDown: true };
  if (standing.released === null) return { step: "none", mayTearDown: false };
  if (standing.released === "person") return { step: "none", mayTearDown: true };
  // A canary's word holds while one that got ready since still answers, in the very probe that counts.
  const alive = witnesses.answered - witnesses.dead;
  const refuted = witnesses.probed === 0 || (witnesses.dead > 0 && alive === 0);
  return whole && refuted ? { step: "renew", mayTearDown: false } : { step: "none", mayTearDown: alive > 0 };
}

/** Two at least: one machine that is dead alone is just that. Those that could not be asked do not count. */
function mostDead({ answered, dead }: Tally): boolean {
  return dead >= 2 && 2 * dead > answered;
}

function mostAlive({ probed, answered, dead }: Tally): boolean {
  return probed === 0 || 2 * (answered - dead) > answered;
}

export type CanaryFacts = {
  paused: boolean;
  /** Whether the node may get a machine at all: online, and the pool's. */
  open: boolean;
  /** Whether the wait after the last failed canary is over. */
  due: boolean;
  /** Machines of any pool that are being made on the node: each of them is a canary already. */
  provisioning: number;
  /** How many more machines the pool's `maxSize` allows. */
  room: number;
  /** Whether the node had no room for the last canary. */
  nodeFull: boolean;
  /** What became of the suspect that was taken down to make room, if one was. */
  madeRoom: "leaving" | "gone" | null;
  hasSpareSuspect: boolean;
};

export type CanaryStep = "create" | "make_room" | "wait" | "no_room";

/** What to do about a braked node's canary now. One suspect at most is given up for it in the life of a brake. */
export function planCanary(facts: CanaryFacts): CanaryStep {
  if (facts.paused || !facts.open || facts.provisioning > 0 || !facts.due) return "wait";
  if (facts.madeRoom === "leaving") return "wait";
  if (facts.room > 0 && (!facts.nodeFull || facts.madeRoom === "gone")) return "create";
  return facts.madeRoom === null && facts.hasSpareSuspect ? "make_room" : "no_room";
}
