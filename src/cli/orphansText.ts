import type { NodeView } from "../contract/node.ts";

type Strays = Pick<NodeView, "orphans" | "orphanBrake">;

/** What keeps the node's orphans from being torn down, and how many wait for a person's word; null where none does. */
export function waitingOrphans({ orphans, orphanBrake }: Strays): string | null {
  const waiting = orphans.filter(({ confirmedBy }) => confirmedBy === null);
  if (orphanBrake === null) return null;
  if (orphanBrake.reason === "behind") {
    const { seen, known } = orphanBrake;
    return `the database is an older copy: the relay has seen machine ${seen}, the database knew no further than ${known}; no machine without a row is torn down there (${waiting.length} shown)`;
  }
  return `${waiting.length} machines of ours that no row knows: several at once, so none is torn down`;
}
