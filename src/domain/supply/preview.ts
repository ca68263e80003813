import type { MachineState } from "../../contract/machine.ts";
import type { PoolChangePlan } from "../../contract/plan.ts";
import type { PoolSpec } from "../../contract/pool.ts";
import { seenOn } from "../capacity/booked.ts";
import { presentInventory, type NodeFacts } from "../capacity/nodeFacts.ts";
import { chooseNode } from "../capacity/chooseNode.ts";
import { lackOf, type PoolStock } from "./plan.ts";

/** What another spec would do to a pool. Pure: src/domain/pools/preview.ts reads what it looks at. */

export type Standing = {
  name: string;
  node: string;
  state: MachineState;
  /** Whether the spec would create it differently. */
  isStale: boolean;
  /** Whether it gives way to one elsewhere, whatever its spec: its node is drained. */
  isDraining: boolean;
  isOnline: boolean;
  /** Whether nothing of its node is taken down. */
  isBraked: boolean;
  /** Whether its node is silent. */
  isSilent: boolean;
  /** Whether it is a create that failed, being deleted for less than an hour. */
  isFailedCreate: boolean;
};

export type Situation = { waiting: number; paused: boolean; machines: readonly Standing[] };
type Counted = Omit<PoolChangePlan, "pool" | "isNew" | "changed" | "unplaced" | "warnings" | "text">;

/** How many are made, which are replaced, which are removed, and which stay as they are. */
export function planChange(spec: PoolSpec, { waiting, paused, machines }: Situation): Counted {
  const stock = stockOf(spec, waiting, machines);
  const { lacking, room, readyOnline } = lackOf(stock);
  // What is being made now will be ready, and one too many then.
  const making = stock.counts.provisioning - stock.outOfReach.provisioning;
  const surplus = waiting > 0 || paused ? 0 : Math.max(0, readyOnline + making - spec.targetSize);
  const remove = machines.filter(canGo).toSorted(byTurn).slice(0, surplus);
  const replace = paused
    ? []
    : machines.filter((machine) => isReplaced(machine) && !remove.includes(machine));
  const blocked = lacking === 0 ? null : paused ? "paused" : lacking > room ? "max_size" : null;
  const kept = waiting > 0 || paused ? readyOnline : Math.min(readyOnline, spec.targetSize);
  return {
    create: paused ? 0 : Math.min(lacking, room),
    replace: namesOf(replace),
    remove: namesOf(remove),
    readyAtLeast: Math.max(0, kept - Number(replace.length > 0)),
    stay: namesOf(machines.filter(({ state, isStale }) => isStale && state === "assigned")),
    blocked,
  };
}

function stockOf(spec: PoolSpec, waiting: number, machines: readonly Standing[]): PoolStock {
  const count = (which: (machine: Standing) => boolean) => machines.filter(which).length;
  const of = (state: MachineState) => count((machine) => machine.state === state);
  return {
    targetSize: spec.targetSize,
    maxSize: spec.maxSize,
    waiting,
    counts: {
      provisioning: of("provisioning"),
      ready: of("ready"),
      suspect: of("suspect"),
      assigned: of("assigned"),
      held: of("held"),
      deleting: of("deleting"),
    },
    readyOffline: count(({ state, isOnline }) => state === "ready" && !isOnline),
    failedCreatesDeleting: count(({ isFailedCreate }) => isFailedCreate),
    outOfReach: {
      provisioning: count(({ state, isSilent }) => state === "provisioning" && isSilent),
      suspect: count(({ state, isSilent, isBraked }) => state === "suspect" && (isSilent || isBraked)),
      population: count(({ state, isSilent }) => isSilent && state !== "assigned" && state !== "held"),
    },
  };
}

/** Whether a surplus may be taken from it, now or once it is made. */
function canGo({ state, isOnline, isBraked }: Standing): boolean {
  return (state === "ready" || state === "provisioning") && isOnline && !isBraked;
}

/** In the order in which a surplus is taken; what is equal stays as it was, the longest-ready first. */
function byTurn(one: Standing, other: Standing): number {
  const turn = ({ isStale, isDraining, state }: Standing) =>
    Number(isStale || isDraining) * 2 + Number(state === "ready");
  return turn(other) - turn(one);
}

function isReplaced({ state, isStale, isDraining }: Standing): boolean {
  return (isStale || isDraining) && ["ready", "suspect", "provisioning"].includes(state);
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
    node?.rows.push({
      name,
      pool: spec.name,
      state: "provisioning",
      shape: spec.shape,
      instanceType: spec.instanceType,
    });
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

/** The node as it would be without one machine, with its room freed. */
export function without(node: NodeFacts, name: string): NodeFacts {
  if (!node.rows.some((row) => row.name === name)) return node;
  const rows = node.rows.filter((row) => row.name !== name);
  const inventory = presentInventory(node);
  const machine = inventory === null ? undefined : seenOn(inventory).get(name);
  // Refused shapes are tried again, because the node has changed.
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
