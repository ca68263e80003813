import type { NodeCapacity } from "../../contract/capacity.ts";
import type { NodeView } from "../../contract/node.ts";
import { memory, round } from "./words.ts";

/** What a node has of one thing, and what takes it. Pure. */
export type Term = { kind: "ours" | "unmanaged" | "reserve" | "other_load"; amount: number; names: string[] };
export type Resource = {
  name: string;
  total: number;
  terms: Term[];
  free: number;
  unit: (amount: number) => string;
  /** Whether this is what keeps the next machine out. */
  isBinding: boolean;
};

const TERM_WORDS: Record<Term["kind"], string> = {
  ours: "machines of Warmpool",
  unmanaged: "other machines",
  reserve: "kept back",
  other_load: "other use",
};

export function termWord(kind: Term["kind"]): string {
  return TERM_WORDS[kind];
}

type Inventory = NonNullable<NodeView["inventory"]>;
type Standing = NonNullable<Inventory["machines"]>[number];

/** CPU, memory, and each disk; empty for a node that has not said what it has. */
export function resourcesOf(inventory: NodeView["inventory"], binding: NodeCapacity["binding"]): Resource[] {
  if (inventory === null) return [];
  const machines = inventory.machines ?? [];
  const cpus = inventory.cpus * (inventory.overheads?.cpuOvercommit ?? 1);
  const { total, available, reserve } = inventory.memoryMib;
  const gib = (amount: number) => `${round(amount)} GiB`;
  return [
    resource(
      "CPU",
      cpus,
      taken(machines, ({ vcpus }) => vcpus),
      0,
      0,
      (amount) => `${round(amount)} vCPU`,
      binding === "cpu" || binding === "limit_cpu",
    ),
    resource(
      "Memory",
      total,
      taken(machines, ({ memoryMib }) => memoryMib),
      reserve,
      total - available,
      memory,
      binding === "memory" || binding === "limit_memory",
    ),
    ...inventory.disks.map(({ name, totalGib, usedGib }) =>
      resource(
        `Disk ${name}`,
        totalGib,
        taken(machines, ({ disks }) =>
          disks.reduce((sum, disk) => sum + (disk.device === name ? disk.gib : 0), 0),
        ),
        0,
        usedGib,
        gib,
        binding === "disk" || binding === "limit_disk",
      ),
    ),
  ];
}

type Taken = { ours: Omit<Term, "kind">; others: Omit<Term, "kind"> };

function taken(machines: readonly Standing[], of: (machine: Standing) => number): Taken {
  const sum = (some: readonly Standing[]) => ({
    amount: some.reduce((all, machine) => all + of(machine) * (machine.count ?? 1), 0),
    names: some.filter((machine) => of(machine) > 0).map(({ name }) => name),
  });
  return {
    ours: sum(machines.filter(({ ours }) => ours)),
    others: sum(machines.filter(({ ours }) => !ours)),
  };
}

/** `inUse` is what the node measures; what it measures beyond what machines were configured to take is other use. */
function resource(
  name: string,
  total: number,
  { ours, others }: Taken,
  reserve: number,
  inUse: number,
  unit: Resource["unit"],
  isBinding: boolean,
): Resource {
  const otherLoad = Math.max(0, inUse - ours.amount - others.amount);
  const all: Term[] = [
    { kind: "ours", ...ours },
    { kind: "unmanaged", ...others },
    { kind: "other_load", amount: otherLoad, names: [] },
    { kind: "reserve", amount: reserve, names: [] },
  ];
  const terms = all.filter(({ amount }) => amount > 0);
  const free = Math.max(0, total - terms.reduce((sum, { amount }) => sum + amount, 0));
  return { name, total, terms, free, unit, isBinding };
}
