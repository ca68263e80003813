import type { Binding, NodeCapacity } from "../../contract/capacity.ts";
import type { Asked } from "./booked.ts";
import { nodeEquation } from "./equation.ts";
import { closedFor, type NodeFacts, type NodeWish, presentInventory } from "./nodeFacts.ts";
import { gibByDevice } from "./room.ts";

/** By node, what keeps the next machine out of it. */
export function bindingsOf(nodes: readonly NodeCapacity[]): Binding[] {
  return nodes.flatMap(({ node, closed, binding, detail }) => {
    const constraint = closed ?? binding;
    return constraint === null ? [] : [{ node, constraint, detail }];
  });
}

/** The equation of one node for a shape. */
export function nodeCapacity(node: NodeFacts, pool: NodeWish, asked: Asked): NodeCapacity {
  const closedBy = closedFor(node, pool, asked);
  const closed = closedBy?.why ?? null;
  const inventory = presentInventory(node);
  const about = {
    node: node.name,
    booked: node.rows.length,
    closed,
    detail: closedBy?.detail ?? null,
    flat: inventory?.flat !== undefined,
    inventoryAt: node.inventoryAt,
    inventoryAgeSeconds: node.inventoryAgeSeconds === null ? null : Math.round(node.inventoryAgeSeconds),
  };
  if (inventory === null) {
    const none = { nominal: 0, placeable: 0, terms: [], binding: null, disks: [] };
    return { ...about, ...none, drift: { notOnNode: [], noRow: [] } };
  }
  const committed = gibByDevice(inventory.machines ?? []);
  return {
    ...about,
    ...nodeEquation(inventory, node.rows, asked, closed, node.concurrency),
    disks: inventory.disks.map((disk) => ({ ...disk, committedGib: committed.get(disk.name) ?? 0 })),
  };
}
