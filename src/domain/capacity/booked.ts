import type { MachineState } from "../../contract/machine.ts";
import type { KeptInventory } from "../../contract/node.ts";
import type { InstanceType } from "../../contract/pool.ts";
import { fitsOneMore, type Footprint, placeable, type Placement, type Room } from "./fit.ts";
import { footprintOf, roomOf, type Standing } from "./room.ts";

/**
 * What is booked on a node, and what fits beside it: the one number that a person is shown and that a create goes by. A
 * row whose machine the inventory shows is counted there; of any other its shape counts. Pure.
 */

type Shape = { vcpus: number; memoryMib: number; diskGib: number };
/** A row that is not proven gone. */
export type BookedRow = {
  name: string;
  state: Exclude<MachineState, "deleted">;
  shape: Shape;
  /** Of its pool; null for an orphan, which is no pool's. */
  instanceType: InstanceType | null;
};
/** What is asked for; the type is null where only a shape was named. */
export type Asked = { shape: Shape; instanceType: InstanceType | null };

/** Machines of this installation that the inventory shows, by name. */
export function seenOn({ machines = [] }: KeptInventory): ReadonlyMap<string, Standing> {
  return new Map(machines.filter(({ ours }) => ours).map((machine) => [machine.name, machine]));
}

/** The rows' machines that the inventory shows, and what the others take. */
export function bookedBy(
  rows: readonly BookedRow[],
  inventory: KeptInventory,
): { seen: Standing[]; unseen: Footprint[] } {
  const seen = seenOn(inventory);
  return {
    seen: rows.flatMap(({ name }) => seen.get(name) ?? []),
    unseen: rows
      .filter(({ name }) => !seen.has(name))
      .map(({ shape, instanceType }) => footprintOf(shape, instanceType, inventory)),
  };
}

/** How many more fit beside all that is booked. `booting` is how many the node creates at a time. */
export function placeableOn(
  inventory: KeptInventory,
  rows: readonly BookedRow[],
  asked: Asked,
  booting: number,
): Placement {
  const { room, unseen, one } = situation(inventory, rows, asked);
  return placeable(room, unseen, one, booting);
}

/** Whether one more fits, which is found without counting how many. */
export function takesOneMore(
  inventory: KeptInventory,
  rows: readonly BookedRow[],
  asked: Asked,
  booting: number,
): boolean {
  const { room, unseen, one } = situation(inventory, rows, asked);
  return fitsOneMore(room, unseen, one, booting);
}

function situation(
  inventory: KeptInventory,
  rows: readonly BookedRow[],
  { shape, instanceType }: Asked,
): { room: Room; unseen: Footprint[]; one: Footprint } {
  return {
    room: roomOf(inventory),
    unseen: bookedBy(rows, inventory).unseen,
    one: footprintOf(shape, instanceType, inventory),
  };
}
