import type { Inventory, KeptInventory } from "../../contract/node.ts";

/**
 * What the edge keeps of an inventory. A node reports whatever stands on it, and everybody who asks for a pool waits
 * while it is read: so it is reduced once, when it comes in, to what placing needs. The sums stay what they were; only the
 * machines that the rows do not know lose their names beyond some. Pure.
 */

type Reported = NonNullable<Inventory["machines"]>[number];
type Kept = NonNullable<KeptInventory["machines"]>[number];
type Disk = Kept["disks"][number];

/** The number of machines without a row that are stored by name, separately for this installation's and others. */
export const NAMED_STRANGERS = 50;
/** The number of devices for which a machine's disks are stored with it; the others are added to the unnamed ones. */
export const DEVICES_A_MACHINE = 8;

/** @param known names of machines that have a row on the node */
export function keptOf(inventory: Inventory, known: ReadonlySet<string>): KeptInventory {
  const { machines, ...rest } = inventory;
  if (machines === undefined) return rest;
  const named: Kept[] = [];
  const folds = new Map<string, Fold>();
  const left = { ours: NAMED_STRANGERS, others: NAMED_STRANGERS };
  const foldFor = ({ ours, running, limited, instanceType }: Reported): Fold => {
    const key = `${ours} ${running} ${limited} ${instanceType}`;
    const kind = { ours, running, limited, ...(instanceType === undefined ? {} : { instanceType }) };
    const fold = folds.get(key) ?? newFold(kind);
    folds.set(key, fold);
    return fold;
  };
  // By name, so that the same ones keep theirs from report to report.
  for (const machine of machines.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    const kind = machine.ours ? "ours" : "others";
    const disks = byDevice(machine.disks);
    const isKnown = machine.ours && known.has(machine.name);
    if (!isKnown && left[kind] <= 0) {
      addTo(foldFor(machine), machine, disks);
      continue;
    }
    if (!isKnown) left[kind] -= 1;
    named.push({ ...machine, disks: disks.slice(0, DEVICES_A_MACHINE) });
    const beyond = disks.slice(DEVICES_A_MACHINE);
    if (beyond.length > 0) addDisks(foldFor(machine), beyond);
  }
  return { ...rest, machines: [...named, ...[...folds.values()].map(asMachine)] };
}

type Kind = Pick<Kept, "ours" | "running" | "limited" | "instanceType">;
type Fold = Kind & {
  count: number;
  vcpus: number;
  memoryMib: number;
  processes: number;
  gib: Map<string, number>;
};

function newFold(kind: Kind): Fold {
  return { ...kind, count: 0, vcpus: 0, memoryMib: 0, processes: 0, gib: new Map() };
}

function addTo(fold: Fold, machine: Reported, disks: readonly Disk[]): void {
  fold.count += 1;
  fold.vcpus += machine.vcpus;
  fold.memoryMib += machine.memoryMib;
  fold.processes += machine.processes ?? 0;
  addDisks(fold, disks);
}

function addDisks({ gib: sums }: Fold, disks: readonly Disk[]): void {
  for (const { device, gib } of disks) sums.set(device, (sums.get(device) ?? 0) + gib);
}

function asMachine({ gib, count, ...fold }: Fold): Kept {
  const disks = [...gib].map(([device, sum]) => ({ device, gib: sum }));
  return { name: `and ${count} more`, ...fold, disks, count };
}

/** Each device once, the fullest first. */
function byDevice(disks: readonly Disk[]): Disk[] {
  const sums = new Map<string, number>();
  for (const { device, gib } of disks) sums.set(device, (sums.get(device) ?? 0) + gib);
  return [...sums].map(([device, gib]) => ({ device, gib })).toSorted((one, other) => other.gib - one.gib);
}
