import type { TableBreach } from "./breach.ts";
import { isIn, type Table } from "./room.ts";

/**
 * Circles of arrows between rooms that are to lie on floors, types included: who reads one room of a circle has to read
 * them all. Each is reported once, at the first of its rooms.
 */
export function circles({ rooms, layered }: Pick<Table, "rooms" | "layered">): TableBreach[] {
  const found: TableBreach[] = [];
  const told = new Set<string>();
  for (const entry of Object.keys(rooms).filter((name) => layered.some((folder) => isIn(name, folder)))) {
    const path = wayBack(entry, rooms);
    if (path === null || path.some((name) => told.has(name))) continue;
    for (const name of path) told.add(name);
    found.push({
      entry,
      rule: `${entry} ↺`,
      text: `The arrows lead in a circle: ${path.join(" → ")}. Move what both sides need to a room below them.`,
    });
  }
  return found;
}

/** A shortest path from a room back to itself, or null. */
function wayBack(from: string, rooms: Table["rooms"]): string[] | null {
  const paths = new Map([[from, [from]]]);
  // A map is walked in the order of its keys, including those that are added on the way.
  for (const [at, path] of paths) {
    const room = rooms[at];
    for (const next of [...(room?.may ?? []), ...(room?.types ?? [])]) {
      if (next === from) return [...path, from];
      if (!paths.has(next)) paths.set(next, [...path, next]);
    }
  }
  return null;
}
