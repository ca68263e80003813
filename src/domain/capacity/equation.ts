import type { CapacityTerm, Closed, Constraint, TermKind } from "../../contract/capacity.ts";
import type { KeptInventory } from "../../contract/node.ts";
import { type Asked, bookedBy, type BookedRow, placeableOn, seenOn } from "./booked.ts";
import { type Footprint, placeable, type Room } from "./fit.ts";
import { footprintOf, nominalSlices, roomBeside, roomOf, type Standing } from "./room.ts";
import { SETTINGS } from "../core/limits.ts";
import { MADE_STATES } from "../core/states.ts";

/**
 * The equation of one node: what totals promise, less what takes it away, is what really fits. Each term is what the
 * number of placeable machines loses when that much more is taken off, in a fixed order, so the sum is right by
 * construction. Pure.
 */

export type NodeEquation = {
  nominal: number;
  placeable: number;
  terms: CapacityTerm[];
  binding: Constraint | null;
  drift: { notOnNode: string[]; noRow: string[] };
};

const ROW_ORDER = ["assigned", "ready", "suspect", "held", "provisioning", "deleting"] as const;
/**
 * @param closed why the node takes none now, whatever its room
 * @param booting how many of its machines boot at a time
 */
export function nodeEquation(
  inventory: KeptInventory,
  rows: readonly BookedRow[],
  asked: Asked,
  closed: Closed | null,
  booting: number = SETTINGS.nodeConcurrency,
): NodeEquation {
  const one = footprintOf(asked.shape, asked.instanceType, inventory);
  const standing = inventory.machines ?? [];
  const seen = seenOn(inventory);
  const known = new Set(rows.map(({ name }) => name));
  const noRow = standing.filter(({ ours, name }) => ours && !known.has(name));
  const others = standing.filter(({ ours }) => !ours);
  const nominal = nominalSlices(inventory, asked.shape);

  const terms: CapacityTerm[] = [];
  let left = nominal;
  const fall = (kind: TermKind, to: number, names: string[]) => {
    // What comes later in the order can only take more off.
    const count = Math.max(0, left - to);
    left -= count;
    if (count > 0 || names.length > 0) terms.push({ kind, count, names });
  };

  const there: Standing[] = [];
  const booked: Footprint[] = [];
  const fits = (room: Room) => placeable(room, booked, one, booting).count;
  // What is in use beyond what machines are configured to take comes after them, as other load.
  const apart = () => fits(inOne(unlimited(roomBeside(inventory, there, "as configured"))));
  fall("reserve", apart(), []);
  for (const state of ROW_ORDER) {
    const mine = rows.filter((row) => row.state === state);
    const its = bookedBy(mine, inventory);
    there.push(...its.seen);
    booked.push(...its.unseen);
    fall(state, apart(), namesOf(mine));
  }
  there.push(...noRow);
  fall("leaked", apart(), namesOf(noRow));
  there.push(...others);
  fall("unmanaged", apart(), namesOf(others));
  const room = roomOf(inventory);
  fall("other_load", fits(inOne(unlimited(room))), []);
  fall("limits", fits(inOne(room)), []);
  const real = placeableOn(inventory, rows, asked, booting);
  fall("fragmentation", real.count, []);
  if (closed !== null) fall("closed", 0, []);
  return {
    nominal,
    placeable: left,
    terms,
    binding: real.binding,
    drift: {
      notOnNode:
        inventory.machines === undefined
          ? []
          : namesOf(rows.filter(({ state, name }) => MADE_STATES.includes(state) && !seen.has(name))),
      noRow: namesOf(noRow),
    },
  };
}

const NONE = Number.POSITIVE_INFINITY;
const NO_LIMITS = {
  ...{ machines: NONE, containers: NONE, virtualMachines: NONE, processes: NONE },
  ...{ vcpus: NONE, memoryMib: NONE, diskGib: NONE },
};

function unlimited(room: Room): Room {
  return { ...room, limits: { ...NO_LIMITS, devicesGib: room.devicesGib.map(() => NONE) } };
}

/** As if all devices were one. */
function inOne(room: Room): Room {
  const total = (devices: readonly number[]) => [devices.reduce((sum, free) => sum + free, 0)];
  return {
    ...room,
    devicesGib: total(room.devicesGib),
    limits: { ...room.limits, devicesGib: total(room.limits.devicesGib) },
  };
}

function namesOf(named: readonly { name: string }[]): string[] {
  return named.map(({ name }) => name).toSorted();
}
