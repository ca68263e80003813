import type { MachineView } from "../../contract/machine.ts";

/** How the machines' page groups, filters and orders. Pure. */
export type MachineFilter = { state: string; pool: string; node: string; search: string };
export type Grouping = "pool" | "node";

/** Machines that pass every filter that is set; `search` looks at names, testers and nodes. */
export function matching(machines: readonly MachineView[], filter: MachineFilter): MachineView[] {
  const search = filter.search.toLowerCase();
  return machines.filter(
    ({ state, pool, node, name, assignment }) =>
      (filter.state === "" || state === filter.state) &&
      (filter.pool === "" || pool === filter.pool) &&
      (filter.node === "" || node === filter.node) &&
      (search === "" ||
        name.toLowerCase().includes(search) ||
        node.includes(search) ||
        (assignment?.username.includes(search) ?? false)),
  );
}

/** Machines by pool or node, groups by name, machines by the number in their names. Those of no pool come last. */
export function grouped(
  machines: readonly MachineView[],
  by: Grouping,
): { name: string | null; machines: MachineView[] }[] {
  const groups = Map.groupBy(machines, (machine) => (by === "pool" ? machine.pool : machine.node));
  return [...groups]
    .map(([name, members]) => ({ name, machines: members.toSorted(byName) }))
    .toSorted((one, other) => {
      if (one.name === null || other.name === null) return one.name === null ? 1 : -1;
      return one.name < other.name ? -1 : 1;
    });
}

const names = new Intl.Collator("en", { numeric: true });

export function byName(one: { name: string }, other: { name: string }): number {
  return names.compare(one.name, other.name);
}

/** So many cells are drawn anew at once when one of them changes. */
const CHUNK = 40;

/** In pieces, so that a change of one machine touches the cells of its piece alone. */
export function chunks<T>(items: readonly T[], size = CHUNK): T[][] {
  const found: T[][] = [];
  for (let at = 0; at < items.length; at += size) found.push(items.slice(at, at + size));
  return found;
}
