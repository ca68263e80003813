import type { OrphanBrake, OrphanWait } from "../../contract/node.ts";
import { own } from "../../contract/own.ts";
import type { Sighting } from "../../db/tables/nodes.ts";
import { SETTINGS } from "../core/limits.ts";

/**
 * When a machine that carries our mark, and that no row knows, is taken down. Pure. A listing may lie, and a database may
 * be older than what stands on its nodes; what is torn down is gone for good. So an orphan is seen in two complete
 * listings at least a sweep apart, and where several are seen at once none goes before a person has said so. Nor does one
 * that may be somebody's (`waits`); and a copy, which a person has made, never goes at all.
 */
export type Sightings = Record<string, Sighting>;

export type OrphanFacts = {
  /** What the last complete listing but this one showed. */
  before: Sightings;
  /** What this one shows. */
  seen: readonly SeenOrphan[];
  /** Orphans that were adopted and are not proven gone yet. */
  leaving: number;
  brake: OrphanBrake | null;
  /** When the probe began whose listing this is. */
  at: string;
  /** Not while most of the node's machines are dead: its listing is no better than its probes. */
  mayTearDown: boolean;
};

/** `waits`: what keeps it from going by itself; `of` and `username` say more of that. */
export type SeenOrphan = {
  name: string;
  waits: OrphanWait | null;
  of?: string | null;
  username?: string | null;
};

export type OrphanVerdict = { sightings: Sightings; adopt: string[]; brake: OrphanBrake | null };

/** What follows from a complete listing. So many are kept that people can look through them; all are counted. Those in `adopt` have a row from now on and are in `sightings` no more. */
export function judgeOrphans(facts: OrphanFacts): OrphanVerdict {
  const { before, seen, at, mayTearDown } = facts;
  const all = seen
    .map((orphan) => ({ name: orphan.name, sighting: sightingOf(orphan, own(before, orphan.name), at) }))
    // Those known for the longest first: of very many the others wait until these are gone.
    .toSorted((one, other) => one.sighting.since.localeCompare(other.sighting.since));
  // What is somebody's copy is counted by nobody.
  const unconfirmed = all.filter(
    ({ sighting }) => sighting.confirmedBy === null && sighting.waits !== "copy",
  );
  const brake = brakeAfter(facts, unconfirmed.length);
  const adopt = all.filter(
    ({ sighting }) =>
      mayTearDown &&
      isOld(sighting, at) &&
      sighting.waits !== "copy" &&
      (sighting.confirmedBy !== null || (brake === null && sighting.waits === undefined)),
  );
  const gone = new Set(adopt.map(({ name }) => name));
  const left = all.filter(({ name }) => !gone.has(name)).slice(0, SETTINGS.mostOrphans);
  const sightings = Object.fromEntries(left.map(({ name, sighting }) => [name, sighting]));
  return { sightings, adopt: [...gone], brake };
}

/** That a machine was missing when it appeared is not forgotten when that one is replaced. */
function sightingOf({ waits, of, username }: SeenOrphan, before: Sighting | undefined, at: string): Sighting {
  const still = waits ?? (before?.waits === "vanished" ? before.waits : null);
  return {
    since: before?.since ?? at,
    confirmedBy: before?.confirmedBy ?? null,
    ...(still === null ? {} : { waits: still }),
    ...(of === undefined || of === null ? {} : { of }),
    ...(username === undefined || username === null ? {} : { username }),
  };
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
