import type { MachineState } from "../contract/machine.ts";
import type { PoolChangePlan } from "../contract/plan.ts";
import type { PoolSpec } from "../contract/pool.ts";
import { presentInventory, type NodeFacts } from "./nodeFacts.ts";
import { chooseNode } from "./placing.ts";

/** What another spec would do to a pool. Pure: `poolPlan` reads what it looks at. */

export type Standing = {
  name: string;
  node: string;
  state: MachineState;
  /** Whether the spec would make it otherwise. */
  isStale: boolean;
  isOnline: boolean;
};

export type Situation = { waiting: number; paused: boolean; machines: readonly Standing[] };
type Counted = Omit<PoolChangePlan, "pool" | "isNew" | "changed" | "unplaced" | "text">;

/** How many are made, which are replaced, which are removed, and which stay as they are. */
export function planChange(spec: PoolSpec, { waiting, paused, machines }: Situation): Counted {
  const ready = machines
    .filter(({ state, isOnline }) => state === "ready" && isOnline)
    .toSorted((one, other) => Number(other.isStale) - Number(one.isStale));
  const coming = machines.filter(({ state }) => state === "suspect" || state === "provisioning").length;
  const lacking = Math.max(0, spec.targetSize + waiting - ready.length - coming);
  const room = Math.max(0, spec.maxSize - machines.length);
  const surplus = waiting > 0 || paused ? 0 : Math.max(0, ready.length - spec.targetSize);
  const remove = ready.slice(0, surplus);
  const unassigned = machines.filter(
    ({ state, isStale }) => isStale && ["ready", "suspect", "provisioning"].includes(state),
  );
  const replace = paused ? [] : unassigned.filter((machine) => !remove.includes(machine));
  const blocked = lacking === 0 ? null : paused ? "paused" : lacking > room ? "max_size" : null;
  return {
    create: paused ? 0 : Math.min(lacking, room),
    replace: namesOf(replace),
    remove: namesOf(remove),
    stay: namesOf(machines.filter(({ state, isStale }) => isStale && state === "assigned")),
    blocked,
  };
}

/** How many of those to make and to replace find a node, each replaced one giving back its room first. */
export function placeChange(
  spec: PoolSpec,
  { create, replace }: Pick<Counted, "create" | "replace">,
  nodes: readonly NodeFacts[],
): number {
  let now = nodes.map((node) => ({ ...node, rows: [...node.rows] }));
  const place = (name: string): boolean => {
    const chosen = chooseNode(now, spec);
    const node = now.find((one) => one.name === chosen?.node);
    node?.rows.push({ name, pool: spec.name, state: "provisioning", shape: spec.shape });
    return node !== undefined;
  };
  let placed = 0;
  for (let made = 0; made < create; made += 1) placed += Number(place(`new ${made}`));
  for (const name of replace) {
    now = now.map((node) => without(node, name));
    placed += Number(place(`instead of ${name}`));
  }
  return placed;
}

/** The node as it would be without one of ours, its room given back. */
export function without(node: NodeFacts, name: string): NodeFacts {
  if (!node.rows.some((row) => row.name === name)) return node;
  const rows = node.rows.filter((row) => row.name !== name);
  const inventory = presentInventory(node);
  const machine = inventory?.machines?.find((one) => one.ours && one.name === name);
  // What it was too full for is asked again, for it looks different.
  const changed = { ...node, rows, full: {} };
  if (inventory === null || machine === undefined) return changed;
  const held = (device: string) =>
    machine.disks.reduce((sum, disk) => sum + (disk.device === device ? disk.gib : 0), 0);
  return {
    ...changed,
    inventory: {
      ...inventory,
      machines: inventory.machines?.filter((one) => one !== machine),
      memoryMib: {
        ...inventory.memoryMib,
        available: inventory.memoryMib.available + (machine.running ? machine.memoryMib : 0),
      },
      disks: inventory.disks.map((disk) =>
        disk.thin ? disk : { ...disk, usedGib: Math.max(0, disk.usedGib - held(disk.name)) },
      ),
    },
  };
}

function namesOf(named: readonly { name: string }[]): string[] {
  return named.map(({ name }) => name).toSorted();
}
