import { sayBindings } from "./words.ts";
import { bindingsOf, nodeCapacity } from "./nodeCapacity.ts";
import { type NodeFacts, serves } from "./nodeFacts.ts";
import { hasNodeFor, type Wish } from "./chooseNode.ts";

/**
 * Why no node takes one more machine of a pool. Pure, and the one answer for conditions and plans, so that both name the
 * same reason.
 */
export type Nowhere = {
  reason: "NoNode" | "NoNodeOnline" | "NoNodeOpen" | "Refused" | "NoRoom";
  message: string;
};

/** @param nodes all that are enrolled. Null where one of them takes it. */
export function nowhere(nodes: readonly NodeFacts[], wish: Wish): Nowhere | null {
  if (hasNodeFor(nodes, wish)) return null;
  const its = nodes.filter((node) => serves(node, wish));
  if (its.length === 0) return { reason: "NoNode", message: sayNoNode(nodes, wish) };
  const capacities = its.map((node) => nodeCapacity(node, wish, wish));
  const each = sayBindings(bindingsOf(capacities)) ?? "";
  const are = (closed: readonly (string | null)[]) => capacities.map((one) => closed.includes(one.closed));
  if (are(["not_online"]).every(Boolean))
    return { reason: "NoNodeOnline", message: `no relay of its nodes is online (${each}); start one` };
  if (are([null]).some(Boolean)) {
    const { vcpus, memoryMib, diskGib } = wish.shape;
    const size = `${vcpus} CPU, ${memoryMib} MiB and ${diskGib} GiB`;
    return {
      reason: "NoRoom",
      message: `no open node has room for ${size} (${each}); \`warmpool capacity\` shows what uses it`,
    };
  }
  if (are(["said_full", "forbidden"]).some(Boolean))
    return { reason: "Refused", message: `no node accepts another machine: ${each}` };
  return { reason: "NoNodeOpen", message: `all its nodes are closed: ${each}` };
}

/** The pool requires nodes that do not exist. */
export function sayNoNode(
  nodes: readonly NodeFacts[],
  { nodes: names, nodeLabels = [] }: Pick<Wish, "nodes" | "nodeLabels">,
): string {
  if (nodes.length === 0) return "no node is enrolled";
  const asked = [
    ...(names === undefined ? [] : [`is named ${names.join(" or ")}`]),
    ...(nodeLabels.length === 0
      ? []
      : [`carries the ${nodeLabels.length === 1 ? "label" : "labels"} ${nodeLabels.join(" and ")}`]),
  ];
  return `no enrolled node ${asked.join(" and ")}`;
}
