import type { PoolSpec } from "../../contract/pool.ts";
import { sayBinding } from "./words.ts";
import { placeableOn, takesOneMore } from "./booked.ts";
import { MOST_MACHINES } from "./fit.ts";
import { type ClosedFor, closedFor, type NodeFacts, presentInventory } from "./nodeFacts.ts";

/**
 * On which node the next machine is made. Pure: whoever calls it holds the nodes' row locks and books what it chose
 * before asking again, so that no inventory, however old, draws a herd.
 */

export type Wish = Pick<PoolSpec, "name" | "shape" | "instanceType" | "nodes" | "nodeLabels" | "placement">;
type Candidate = { name: string; left: number; ofPool: number; isQuiet: boolean; closed: ClosedFor | null };
/** The node, and in words why it and no other. */
export type Choice = { node: string; why: string };

/** Null where none has room. */
export function chooseNode(nodes: readonly NodeFacts[], wish: Wish): Choice | null {
  const candidates = nodes.map((node): Candidate => {
    const closed = closedFor(node, wish, wish);
    const ofPool = node.rows.filter(({ pool }) => pool === wish.name).length;
    const left = closed === null ? roomLeft(node, wish) : 0;
    return { name: node.name, left, ofPool, isQuiet: !node.heardLately, closed };
  });
  const [first, ...others] = candidates.toSorted(ORDER[wish.placement]);
  if (first === undefined || first.left === 0) return null;
  const after = others.length === 0 ? "" : `, before ${others.slice(0, SAID).map(say).join("; ")}`;
  const more = others.length > SAID ? `; and ${others.length - SAID} more` : "";
  return { node: first.name, why: `${wish.placement}: ${say(first)}${after}${more}` };
}

/** So many of the other nodes are named. */
const SAID = 3;

function say({ name, left, ofPool, isQuiet, closed }: Candidate): string {
  if (closed !== null) return `${name} (${sayBinding({ constraint: closed.why, detail: closed.detail })})`;
  const room = left >= MOST_MACHINES ? "room not known yet" : left === 0 ? "no room" : `room for ${left}`;
  return `${name} (${ofPool} of the pool, ${room}${isQuiet ? ", not heard lately" : ""})`;
}

/**
 * `spread` keeps failures apart, `pack` keeps the large holes for large machines. Nodes without room come last, and before
 * them nodes whose relay may just have died: a create would wait there until the node is silent. By name
 * where all is equal.
 */
const ORDER: Record<Wish["placement"], (a: Candidate, b: Candidate) => number> = {
  spread: (a, b) =>
    fullLast(a, b) || quietLast(a, b) || a.ofPool - b.ofPool || b.left - a.left || byName(a, b),
  pack: (a, b) => fullLast(a, b) || quietLast(a, b) || a.left - b.left || byName(a, b),
};

function fullLast(a: Candidate, b: Candidate): number {
  return Number(a.left === 0) - Number(b.left === 0);
}

function quietLast(a: Candidate, b: Candidate): number {
  return Number(a.isQuiet) - Number(b.isQuiet);
}

/** Whether there is a node for one more machine: the same as `chooseNode` would find, without comparing the nodes. */
export function hasNodeFor(nodes: readonly NodeFacts[], wish: Wish): boolean {
  return nodes.some((node) => {
    if (closedFor(node, wish, wish) !== null) return false;
    const inventory = presentInventory(node);
    return inventory === null || takesOneMore(inventory, node.rows, wish, node.concurrency);
  });
}

/**
 * How many more fit beside all that is booked. A node that has never said what it has is taken at its word when it
 * refuses.
 */
function roomLeft(node: NodeFacts, wish: Wish): number {
  const inventory = presentInventory(node);
  return inventory === null ? MOST_MACHINES : placeableOn(inventory, node.rows, wish, node.concurrency).count;
}

function byName(a: Candidate, b: Candidate): number {
  return a.name < b.name ? -1 : 1;
}
