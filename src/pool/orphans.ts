import type { OrphanBrake } from "../contract/node.ts";
import { own } from "../contract/own.ts";
import type { Sighting } from "../db/tables/machines.ts";
import { SETTINGS } from "./settings.ts";

/**
 * When a machine that carries our mark, and that no row knows, is taken down. Pure. A listing may lie, and a database may
 * be older than what stands on its nodes; what is torn down is gone for good. So an orphan is seen in two complete
 * listings at least a sweep apart, and where several are seen at once none goes before a person has said so.
 */
export type Sightings = Record<string, Sighting>;

export type OrphanFacts = {
  /** What the last complete listing but this one showed. */
  before: Sightings;
  /** What this one shows. `given_up`: adopted once already, and forgotten by a person, so it stays until one says so. */
  seen: readonly { name: string; givenUp: boolean }[];
  /** Orphans that were adopted and are not proven gone yet. */
  leaving: number;
  brake: OrphanBrake | null;
  /** When the probe began whose listing this is. */
  at: string;
  /** Not while most of the node's machines are dead: its listing is no better than its probes. */
  mayTearDown: boolean;
};

export type OrphanVerdict = { sightings: Sightings; adopt: string[]; brake: OrphanBrake | null };

/** What follows from a complete listing. Those in `adopt` have a row from now on and are in `sightings` no more. */
export function judgeOrphans(facts: OrphanFacts): OrphanVerdict {
  const { before, seen, at, mayTearDown } = facts;
  const all = seen.map(({ name, givenUp }) => ({
    name,
    givenUp,
    sighting: own(before, name) ?? { since: at, confirmedBy: null },
  }));
  const brake = brakeAfter(facts, all.filter(({ sighting }) => sighting.confirmedBy === null).length);
  const adopt = all.filter(
    ({ givenUp, sighting }) =>
      mayTearDown && isOld(sighting, at) && (sighting.confirmedBy !== null || (brake === null && !givenUp)),
  );
  const gone = new Set(adopt.map(({ name }) => name));
  const left = all.filter(({ name }) => !gone.has(name)).map(({ name, sighting }) => [name, sighting]);
  return { sightings: Object.fromEntries(left), adopt: [...gone], brake };
}

/** Those on their way out count too: otherwise many would go in small numbers, and nobody would be asked. */
function brakeAfter({ brake, leaving, at }: OrphanFacts, unconfirmed: number): OrphanBrake | null {
  // Only a person can say that a database is not behind after all.
  if (brake?.reason === "behind") return brake;
  if (unconfirmed === 0) return null;
  if (brake !== null) return brake;
  const count = unconfirmed + leaving;
  return count < SETTINGS.severalOrphans ? null : { reason: "several", since: at, count };
}

function isOld({ since }: Sighting, at: string): boolean {
  return Date.parse(at) - Date.parse(since) >= SETTINGS.orphanSightingSeconds * 1000;
}
