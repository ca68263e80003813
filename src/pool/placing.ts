import type { PoolSpec } from "../contract/pool.ts";
import { MOST_MACHINES, placeable } from "./placement.ts";
import { closedFor, type NodeFacts, presentInventory } from "./nodeFacts.ts";
import { footprintOf, roomOf } from "./room.ts";
import { SETTINGS } from "./settings.ts";

/**
 * On which node the next machine is made. Pure: whoever calls it holds the nodes' row locks and books what it chose
 * before asking again, so that no inventory, however old, draws a herd.
 */

export type Wish = Pick<PoolSpec, "name" | "shape" | "nodes" | "placement">;
type Candidate = { name: string; left: number; ofPool: number };

/** The node's name; null where none has room. */
export function chooseNode(nodes: readonly NodeFacts[], wish: Wish): string | null {
  const candidates = nodes.flatMap((node): Candidate[] => {
    if (closedFor(node, wish, wish.shape) !== null) return [];
    const left = roomLeft(node, wish.shape);
    const ofPool = node.rows.filter(({ pool }) => pool === wish.name).length;
    return left > 0 ? [{ name: node.name, left, ofPool }] : [];
  });
  return candidates.toSorted(ORDER[wish.placement])[0]?.name ?? null;
}

/** `spread` keeps failures apart, `pack` keeps the large holes for large machines. By name where all is equal. */
const ORDER: Record<Wish["placement"], (a: Candidate, b: Candidate) => number> = {
  spread: (a, b) => a.ofPool - b.ofPool || b.left - a.left || byName(a, b),
  pack: (a, b) => a.left - b.left || byName(a, b),
};

/**
 * How many more fit beside all that is booked. A node that has never said what it has is taken at its word when it
 * refuses.
 */
function roomLeft(node: NodeFacts, shape: PoolSpec["shape"]): number {
  const inventory = presentInventory(node);
  if (inventory === null) return MOST_MACHINES;
  const standing = new Set((inventory.machines ?? []).filter(({ ours }) => ours).map(({ name }) => name));
  const unseen = node.rows.filter(({ name }) => !standing.has(name));
  const booked = unseen.map((row) => footprintOf(row.shape, inventory));
  return placeable(roomOf(inventory), booked, footprintOf(shape, inventory), SETTINGS.nodeConcurrency).count;
}

function byName(a: Candidate, b: Candidate): number {
  return a.name < b.name ? -1 : 1;
}
