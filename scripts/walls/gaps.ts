import type { TableBreach } from "./breach.ts";
import type { FileImports } from "./imports.ts";
import { isIn, roomOf, type Table, targetOf } from "./room.ts";

/** Entries of the table that nothing in the tree uses: each would let something through that nobody has asked for. */
export function gaps(files: readonly FileImports[], table: Table): TableBreach[] {
  const uses = usesOf(files, table);
  const found: TableBreach[] = [];
  for (const [name, { may, types = [] }] of Object.entries(table.rooms)) {
    const used = uses.get(name);
    if (used === undefined) {
      found.push({ entry: name, rule: name, text: "The room has no files. Remove it." });
      continue;
    }
    for (const target of may) {
      const use = used.get(target);
      if (use === undefined) found.push({ entry: name, rule: `${name} → ${target}`, text: UNUSED });
      else if (use.typesOnly) found.push({ entry: name, rule: `${name} → ${target}`, text: ONLY_TYPES });
    }
    for (const target of types) {
      if (!used.has(target)) found.push({ entry: name, rule: `${name} → ${target}`, text: UNUSED });
    }
  }
  for (const [target, { by }] of Object.entries(table.wrapped)) {
    for (const path of by) {
      const names = files.some(
        ({ file, imports }) =>
          isIn(file, path) && imports.some((one) => targetOf(file, one.specifier, table.rooms) === target),
      );
      if (!names) found.push({ entry: target, rule: `${path} → ${target}`, text: UNUSED });
    }
  }
  return found;
}

const UNUSED =
  "No file uses this entry. The table allows only what the code needs, so that a new import is a decision. Remove it.";
const ONLY_TYPES =
  "Only types are imported here. The table allows only what the code needs. Move the entry to `types`.";

/** For each room that has files: what it imports, and whether only types of it. */
function usesOf(
  files: readonly FileImports[],
  table: Table,
): Map<string, Map<string, { typesOnly: boolean }>> {
  const uses = new Map<string, Map<string, { typesOnly: boolean }>>();
  for (const { file, imports } of files) {
    const name = roomOf(file, table.rooms);
    if (name === null) continue;
    const used = uses.get(name) ?? new Map<string, { typesOnly: boolean }>();
    uses.set(name, used);
    for (const { specifier, typesOnly } of imports) {
      const target = targetOf(file, specifier, table.rooms);
      used.set(target, { typesOnly: typesOnly && (used.get(target)?.typesOnly ?? true) });
    }
  }
  return uses;
}
