import type { NodeView, OrphanWait } from "../../contract/node.ts";

type Strays = Pick<NodeView, "orphans" | "orphanBrake">;
type Stray = NodeView["orphans"][number];

/** What keeps the node's orphans from being torn down, and how many wait for a person's word; null where none does. */
export function waitingOrphans({ orphans, orphanBrake }: Strays): string | null {
  const waiting = orphans.filter(({ confirmedBy, waits }) => confirmedBy === null && waits !== "copy");
  if (orphanBrake === null) return null;
  if (orphanBrake.reason === "behind") {
    const { seen, known } = orphanBrake;
    return `the database is an older copy: the relay has seen machine ${seen}, the database knew no further than ${known}; no machine without a row is torn down there (${waiting.length} shown)`;
  }
  return `${waiting.length} orphans: several at once, so none is torn down`;
}

/** So many orphans of one node are named. */
const NAMED = 5;

/**
 * What each orphan of the node is and what becomes of it, from its first sighting on, for those that no brake speaks for.
 * Empty where there is none, or a person has said what is to become of them.
 */
export function orphanSentences(node: Strays): string[] {
  const told = node.orphans.filter(
    ({ confirmedBy, waits }) => confirmedBy === null && (node.orphanBrake === null || waits === "copy"),
  );
  const more = told.length - NAMED;
  return [...told.slice(0, NAMED).map(sentence), ...(more > 0 ? [`${more} more of this kind`] : [])];
}

/** Whether a person has to say what is to become of one of them, by `node reap`. */
export function needsWord({ orphans }: Strays): boolean {
  return orphans.some(({ confirmedBy, waits }) => confirmedBy === null && waits !== null && waits !== "copy");
}

const WAITS: Record<OrphanWait, (orphan: Stray) => string> = {
  copy: ({ of, username }) =>
    `is a copy of ${of ?? "another machine"}${username === null ? "" : `, which was ${username}'s`}, created by a person; Warmpool leaves it alone, so only a person can remove it`,
  had_tester: ({ username }) =>
    `was the machine of ${username ?? "a tester"}; it is kept until a person decides`,
  vanished: () => "appeared while a machine of this node was missing; it is kept until a person decides",
  never_given: () =>
    "carries this installation's mark, but was never created by it; it is kept until a person decides",
  unmarked: () => "has a mark that names no machine; it is kept until a person decides",
  given_up: () => "was forgotten by a person and is still there; it is kept until a person decides",
};

function sentence(orphan: Stray): string {
  const { name, waits } = orphan;
  const what =
    waits === null
      ? "belongs to no known machine; it is stopped when it is seen again, kept for a while, and then deleted"
      : WAITS[waits](orphan);
  return `${name} ${what}`;
}
