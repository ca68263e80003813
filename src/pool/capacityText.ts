import type { CapacityReport, Closed, Constraint, TermKind } from "../contract/capacity.ts";

/** The equation in words for a person. */

const TERM_WORDS: Record<TermKind, string> = {
  reserve: "kept back for the nodes and what machines take besides",
  assigned: "assigned",
  ready: "ready",
  suspect: "suspect",
  held: "held",
  provisioning: "being made",
  deleting: "being torn down",
  leaked: "leaked (ours, and no row knows it)",
  unmanaged: "unmanaged",
  other_load: "other load",
  limits: "beyond the limits that were set",
  fragmentation: "fragmentation",
  closed: "on nodes that take none now",
};

/** What keeps a machine out of a node, in words. */
export const BINDING_WORDS: Record<Constraint | Closed, string> = {
  cpu: "CPUs",
  memory: "memory",
  disk: "disk: no device has room for one whole",
  limit_machines: "the limit on machines",
  limit_cpu: "the limit on CPUs",
  limit_memory: "the limit on memory",
  limit_disk: "the limit on disk",
  not_online: "not online",
  draining: "draining",
  not_in_pool: "not a node of the pool",
  stale_inventory: "has not said for too long what it has",
  said_full: "said that it has no room",
};

/** Terms whose names are worth a look: a person can do something about them. */
const NAMED = new Set<TermKind>(["held", "deleting", "leaked", "unmanaged"]);
const MOST_NAMES = 5;

/** `3 more fit: nominal 24 − 18 assigned − 2 being torn down (demo-3, demo-9) − 1 unmanaged (bob). Bound by: …` */
export function sayCapacity(report: Omit<CapacityReport, "text">): string {
  const { vcpus, memoryMib, diskGib } = report.shape;
  const terms = report.terms.map(({ kind, count, names }) => {
    const named = NAMED.has(kind) && names.length > 0 ? ` (${some(names)})` : "";
    return ` − ${count} ${TERM_WORDS[kind]}${named}`;
  });
  const bounds = report.binding.map(({ node, constraint }) => `${node}: ${BINDING_WORDS[constraint]}`);
  const bound = bounds.length === 0 ? "" : ` Bound by ${bounds.join("; ")}.`;
  const size = `${vcpus} vCPU, ${memoryMib} MiB and ${diskGib} GiB`;
  return `${report.placeable} more of ${size} fit: nominal ${report.nominal}${terms.join("")}.${bound}`;
}

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return [...names.slice(0, MOST_NAMES), ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}
