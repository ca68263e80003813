import type { Assignment } from "../../contract/assignment.ts";
import type { MachineView } from "../../contract/machine.ts";
import type { NodeView } from "../../contract/node.ts";
import type { PoolView } from "../../contract/pool.ts";
import { wordOf } from "./states.ts";

/** What the search finds by a part of a name. Pure. */
export type Found = { name: string; what: string; href: string };
export type Searched = {
  machines: readonly MachineView[];
  testers: readonly Assignment[];
  pools: readonly PoolView[];
  nodes: readonly NodeView[];
};

const MOST = 30;

/** Names that begin with the text come first; without a text there is nothing. */
export function found(text: string, { machines, testers, pools, nodes }: Searched): Found[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  const all: Found[] = [
    ...pools.map(({ name }) => ({ name, what: "pool", href: `/pools/${name}` })),
    ...nodes.map(({ name }) => ({ name, what: "node", href: `/nodes#${encodeURIComponent(name)}` })),
    ...testers.map(({ id, username, state, pool }) => ({
      name: username,
      what: `tester in ${pool}, ${wordOf(state)}`,
      href: `/testers/${id}`,
    })),
    ...machines.map(({ name, state, assignment }) => ({
      name,
      what: `machine, ${wordOf(state)}${assignment === null ? "" : ` to ${assignment.username}`}`,
      href: `/machines/${encodeURIComponent(name)}`,
    })),
  ];
  return all
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .toSorted((one, other) => rank(one.name, wanted) - rank(other.name, wanted))
    .slice(0, MOST);
}

function rank(name: string, wanted: string): number {
  const lower = name.toLowerCase();
  return lower === wanted ? 0 : lower.startsWith(wanted) ? 1 : 2;
}
