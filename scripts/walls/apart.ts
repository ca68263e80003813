import type { TableBreach } from "./breach.ts";
import { isIn, type Table } from "./room.ts";

/**
 * What the table allows although it promises not to, by any number of arrows. As every import follows an arrow, what
 * holds for the table holds for the code.
 */
export function brokenPromises({ rooms, apart }: Pick<Table, "rooms" | "apart">): TableBreach[] {
  const names = Object.keys(rooms);
  const found: TableBreach[] = [];
  for (const { rooms: within, never, evenTypes, why } of apart) {
    for (const entry of names.filter((name) => within.some((folder) => isIn(name, folder)))) {
      for (const [end, path] of pathsFrom(entry, rooms, evenTypes)) {
        if (!never.some((folder) => isIn(end, folder))) continue;
        const text = `The arrows lead ${path.join(" → ")}. ${why} Remove an arrow from that path.`;
        found.push({ entry, rule: `${entry} ↛ ${end}`, text });
      }
    }
    const gone = [...within, ...never].filter(
      (folder) => !folder.endsWith(":") && !names.some((name) => isIn(name, folder)),
    );
    for (const folder of gone) {
      found.push({
        entry: folder,
        rule: folder,
        text: "A promise names it and no room is in it. Correct the promise.",
      });
    }
  }
  return found;
}

/** A shortest path, both ends included, to each entry that can be reached from a room. */
function pathsFrom(from: string, rooms: Table["rooms"], evenTypes: boolean): Map<string, string[]> {
  const paths = new Map([[from, [from]]]);
  // A map is walked in the order of its keys, including those that are added on the way.
  for (const [at, path] of paths) {
    const room = rooms[at];
    for (const next of [...(room?.may ?? []), ...((evenTypes ? room?.types : undefined) ?? [])]) {
      if (!paths.has(next)) paths.set(next, [...path, next]);
    }
  }
  return paths;
}
