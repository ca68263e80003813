import type { Db } from "../../db/client.ts";
import type { Follower } from "./follows.ts";

/** What a change has touched, collected so that each follower is activated once, however many moves call for it. */
export type Touched = {
  deletes: boolean;
  nodes: Set<string>;
  matches: Set<string>;
  refills: Set<string>;
  everyPool: boolean;
};

/**
 * A transaction that notes what it touches. The writers of states take no other, and only `change` (change.ts) makes one:
 * so whoever moves something cannot forget what follows.
 */
export type Change = Db & { readonly touched: Touched };

export function nothingTouched(): Touched {
  return { deletes: false, nodes: new Set(), matches: new Set(), refills: new Set(), everyPool: false };
}

/** Whether something follows after the commit. */
export function isTouched({ nodes, matches, refills, everyPool }: Touched): boolean {
  return everyPool || nodes.size + matches.size + refills.size > 0;
}

/** Notes what follows. Nothing is paired or refilled because of an orphan, whose pool is null. */
export function touch(
  touched: Touched,
  followers: readonly Follower[],
  { pool, node }: { pool?: string | null; node?: string } = {},
): void {
  for (const follower of followers) {
    if (follower === "delete") touched.deletes = true;
    else if (follower === "every pool") touched.everyPool = true;
    else if (follower === "probe") addTo(touched.nodes, node);
    else addTo(follower === "match" ? touched.matches : touched.refills, pool);
  }
}

function addTo(names: Set<string>, name: string | null | undefined): void {
  if (name !== null && name !== undefined) names.add(name);
}
