import type { EnrollResult, NodeView } from "../../contract/node.ts";
import { listOf, more, since } from "../terminal/listing.ts";
import { table } from "../terminal/table.ts";
import type { Column } from "../terminal/table.ts";
import { ago, duration } from "../terminal/time.ts";

/** Nodes in words. Pure. */

const LABELS: Column<NodeView> = { title: "LABELS", value: ({ labels }) => labels.join(", ") || null };

const COLUMNS: Column<NodeView>[] = [
  { title: "NODE", value: (node) => node.name, keep: true },
  { title: "STATE", value: stateText, raw: (node) => node.state, keep: true },
  { title: "MACHINES", value: (node) => node.machines, align: "right" },
  since("HEARD", (node) => node.lastSeenAt),
  since("PROBED", (node) => node.lastProbeAt),
  { title: "DRIVER", value: driverText },
  { title: "RELAY", value: (node) => node.relayVersion, whole: true },
];

/** The nodes as rows, for -o and --columns. */
export const NODES = listOf<NodeView>([
  ...COLUMNS,
  { ...LABELS, wide: true },
  more("SCHEDULING", (node) => node.scheduling),
  more("BRAKED SINCE", ({ brake }) => (brake === null || brake.releasedAt !== null ? null : brake.since)),
  more("ORPHANS", (node) => node.orphans.length),
  more("DRIVER PROBLEM", (node) => node.driverProblem?.message ?? null),
  more("ENROLLED", (node) => node.createdAt),
]);

/** A line for each node, with the labels if one has any. */
export function nodeTable(nodes: NodeView[], columns: number): string[] {
  const shown = nodes.some(({ labels }) => labels.length > 0) ? COLUMNS.toSpliced(2, 0, LABELS) : COLUMNS;
  return table(shown, nodes, columns);
}

/** The driver and its version; null before a relay was heard. Some versions name their driver themselves. */
export function driverText({ driver, driverVersion }: NodeView): string | null {
  if (driver === null || driverVersion === null) return driver;
  return driverVersion.startsWith(driver) ? driverVersion : `${driver} ${driverVersion}`;
}

function stateText({ state, scheduling, brake, orphans }: NodeView): string {
  const brakes = brake !== null && brake.releasedAt === null ? ["braked"] : [];
  const strays = orphans.length === 0 ? [] : [`orphans: ${orphans.length}`];
  return [state, ...(scheduling === "open" ? [] : [scheduling]), ...brakes, ...strays].join(", ");
}

/** A relay that joins takes the node over from the one that serves it now. */
function inUse({ name, state, machines, lastSeenAt }: NodeView, now: number): string[] {
  if (lastSeenAt === null || (state !== "online" && state !== "returning")) return [];
  return [
    `Node ${name} has a relay, heard ${ago(lastSeenAt, now)}; machines: ${machines}. A relay that joins`,
    "with this token takes the node over, and the present one is refused from then on.",
    "",
  ];
}

/** What to run on the node; the token stands alone on its line and in the environment, not in an argument. */
export function joinLines({ node, joinToken, expiresAt }: EnrollResult, url: string, now: number): string[] {
  return [
    ...inUse(node, now),
    `Node ${node.name} is enrolled. On it, within ${duration((Date.parse(expiresAt) - now) / 1000)}, run`,
    "",
    `  export WARMPOOL_JOIN_TOKEN=${joinToken}`,
    `  npx warmpool relay join --url ${url}`,
    "  npx warmpool relay run --driver DRIVER",
    "",
    "DRIVER is incus, exec (with --program FILE), or local (to try Warmpool out).",
    "Run these in a checkout of Warmpool, which is on no registry. To have it on a",
    "node without one, run `npm pack` in a checkout, copy the file over, run",
    "`npm install --global ./warmpool-*.tgz` there, and leave npx out.",
    "The token works once and is not shown again.",
  ];
}
