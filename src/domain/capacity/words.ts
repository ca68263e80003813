import type { Binding, CapacityReport, Closed, Constraint, TermKind } from "../../contract/capacity.ts";

/** The equation in words for a person. */

const TERM_WORDS: Record<TermKind, string> = {
  reserve: "reserve of the nodes and overhead of the machines",
  assigned: "assigned",
  ready: "ready",
  suspect: "suspect",
  held: "held",
  provisioning: "being created",
  deleting: "being torn down",
  leaked: "leaked (orphans)",
  unmanaged: "unmanaged",
  other_load: "other load: memory or disk in use beyond the configuration of the machines",
  limits: "above the configured limits",
  fragmentation: "fragmentation",
  closed: "on nodes that are closed now",
};

/** What keeps a machine out of a node, in words. */
const BINDING_WORDS: Record<Constraint | Closed, string> = {
  cpu: "CPUs",
  memory: "memory",
  disk: "disk: no device has room for a whole machine",
  too_large: "its size: a machine of this shape is larger than the node",
  limit_machines: "the limit on machines",
  limit_containers: "the limit on containers",
  limit_virtual_machines: "the limit on virtual machines",
  limit_processes: "the limit on processes",
  limit_cpu: "the limit on CPUs",
  limit_memory: "the limit on memory",
  limit_disk: "the limit on disk",
  not_online: "not online",
  draining: "draining",
  braked: "braked: most of its machines died at once",
  not_in_pool: "not a node of the pool",
  stale_inventory: "its inventory is too old",
  forbidden: "its configuration refuses every such machine",
  said_full: "refused the last such machine and has not changed since",
};

/** `node-1: the limit on CPUs; node-2: draining`; null if there is none. */
export function sayBindings(bindings: readonly Binding[]): string | null {
  if (bindings.length === 0) return null;
  return bindings.map((one) => `${one.node}: ${sayBinding(one)}`).join("; ");
}

/** Why a node takes no machines, with its driver's message if the driver refuses. */
export function sayBinding({ constraint, detail }: Omit<Binding, "node">): string {
  return detail === null ? BINDING_WORDS[constraint] : `${BINDING_WORDS[constraint]} (${detail})`;
}

/** Terms whose names are shown, because a person can act on them. */
const NAMED = new Set<TermKind>(["held", "deleting", "leaked", "unmanaged"]);
const MOST_NAMES = 5;

/**
 * `3 more fit: nominal 24 − 18 assigned − 2 being torn down (demo-3, demo-9) − 1 unmanaged (bob). Bound by: …`
 * @param noNode why no node counts, if none does
 */
export function sayCapacity(report: Omit<CapacityReport, "text">, noNode: string | null): string {
  const { vcpus, memoryMib, diskGib } = report.shape;
  const terms = report.terms.map(({ kind, count, names }) => {
    const named = NAMED.has(kind) && names.length > 0 ? ` (${some(names)})` : "";
    return ` − ${count} ${TERM_WORDS[kind]}${named}`;
  });
  const bounds = sayBindings(report.binding);
  const bound = bounds === null ? "" : ` Bound by ${bounds}.`;
  // No machine is held to its shape there, so that many of any shape that the node has.
  const unheld = report.nodes.filter(({ flat }) => flat && report.placeable > 0).map(({ node }) => node);
  const anyShape =
    unheld.length === 0
      ? ""
      : ` ${unheld.join(", ")}: machines there are not limited to their shape; their actual use counts.`;
  const size = `${vcpus} vCPU, ${memoryMib} MiB and ${diskGib} GiB`;
  if (noNode !== null) return `0 more of ${size} fit: ${noNode}.`;
  return `${report.placeable} more of ${size} fit: nominal ${report.nominal}${terms.join("")}.${bound}${anyShape}`;
}

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return [...names.slice(0, MOST_NAMES), ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}
