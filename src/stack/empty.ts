import { setTimeout as delay } from "node:timers/promises";
import type { WarmpoolClient } from "../client/index.ts";
import type { MachineView } from "../contract/machine.ts";
import type { NodeView } from "../contract/node.ts";
import { fairNow } from "../relay/time/fairTime.ts";
import type { StackFolder } from "./folder.ts";
import { patiently } from "./patience.ts";

const EDGE_SECONDS = 30;
const TEARDOWN_SECONDS = 120;
const EVERY_MS = 300;

export type Emptied = {
  /** Machines that testers hold: they are kept and go on. */
  kept: MachineView[];
  /** Machines whose teardown was not proven in time: the next start goes on with it. */
  left: MachineView[];
};

/**
 * Takes the machines of every pool down through the system itself, and waits until they are proven gone: all of
 * them, or those that no tester holds. The pools are paused meanwhile; which ones is remembered beforehand, so that
 * the next start lets them go on even when this one is killed half-way.
 */
export async function emptyPools(
  admin: WarmpoolClient,
  folder: StackFolder,
  assigned: "keep" | "release",
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Emptied> {
  const pools = await patiently(() => admin.pool.list.query(), EDGE_SECONDS, signal);
  const running = pools.filter((pool) => !pool.paused).map((pool) => pool.name);
  folder.remember({ pausedPools: [...new Set([...folder.memory().pausedPools, ...running])] });
  for (const { name } of pools) {
    await patiently(() => admin.pool.empty.mutate({ name, assigned }), EDGE_SECONDS, signal);
  }
  const deadline = fairNow() + TEARDOWN_SECONDS * 1000;
  let last = "";
  for (;;) {
    const machines = await patiently(() => allMachines(admin), EDGE_SECONDS, signal);
    const left = machines.filter((machine) => machine.assignment === null);
    if (left.length === 0 || fairNow() >= deadline) {
      return { kept: machines.filter((machine) => machine.assignment !== null), left };
    }
    const nodes = await patiently(() => admin.node.list.query(), EDGE_SECONDS, signal);
    const line = leftText(left, machines.length, nodes);
    if (line !== last) say(`${line} (waiting at most ${Math.ceil((deadline - fairNow()) / 1000)} s)`);
    last = line;
    await delay(EVERY_MS, undefined, { signal });
  }
}

/** What is still to delete, and which machines cannot be deleted before their node is heard again. Pure. */
export function leftText(
  left: readonly Pick<MachineView, "node">[],
  all: number,
  nodes: readonly Pick<NodeView, "name" | "state">[],
): string {
  const silent = new Set(nodes.filter(({ state }) => state === "silent").map(({ name }) => name));
  const stuck = left.filter(({ node }) => silent.has(node));
  const where = [...new Set(stuck.map(({ node }) => node))].toSorted().join(", ");
  const why =
    stuck.length === 0
      ? ""
      : `; ${stuck.length} of them on ${where}, whose relay is silent: they are deleted once it is heard; a second Ctrl-C stops at once`;
  return `${left.length} of ${all} machines still to delete${why}`;
}

async function allMachines(admin: WarmpoolClient): Promise<MachineView[]> {
  const machines: MachineView[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: MachineView[]; nextCursor: string | null } = await admin.machine.list.query({
      limit: 500,
      ...(cursor === null ? {} : { cursor }),
    });
    machines.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return machines;
}
