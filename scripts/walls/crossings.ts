import type { Breach } from "./breach.ts";
import type { FileImports, Import } from "./imports.ts";
import { isIn, roomOf, type Room, type Table, targetOf } from "./room.ts";

/**
 * Every import that the table does not allow, and every file that is in no room.
 * @param development names of the packages that only development has
 */
export function crossings(
  files: readonly FileImports[],
  table: Table,
  development: ReadonlySet<string>,
): Breach[] {
  return files.flatMap(({ file, imports }): Breach[] => {
    const name = roomOf(file, table.rooms);
    const room = name === null ? undefined : table.rooms[name];
    if (name === null || room === undefined) return [{ file, line: 1, rule: "no room", text: NO_ROOM }];
    return imports.flatMap((found): Breach[] => {
      const target = targetOf(file, found.specifier, table.rooms);
      if (target === name) return [];
      const text = refusal(name, room, target, found) ?? wrapping(file, target, table, development);
      return text === null ? [] : [{ file, line: found.line, rule: `${name} → ${target}`, text }];
    });
  });
}

const NO_ROOM =
  "No room of the table contains this file, so nothing limits what it imports. " +
  "Move it into a room or add one to scripts/walls/table.ts.";

const COMPUTED_NAME =
  "The module's name is computed, so the table cannot say whether it may be imported. Name it in a literal.";

/** Why a room may not import this, or null. */
function refusal(name: string, room: Room, target: string, found: Import): string | null {
  if (room.may.includes(target)) return null;
  if (found.specifier === null) return COMPUTED_NAME;
  const what = `"${found.specifier}"`;
  if (room.types?.includes(target) !== true) {
    return `${name} does not import ${what}. ${room.why} ${room.instead}`;
  }
  if (found.typesOnly) return null;
  return `${name} imports only types from ${what}. ${room.why} Use \`import type\`. ${room.instead}`;
}

/** Why this file may not name a package that its room may, or null. */
function wrapping(
  file: string,
  target: string,
  table: Table,
  development: ReadonlySet<string>,
): string | null {
  if (!table.shipped.some((folder) => isIn(file, folder))) return null;
  const wrapped = table.wrapped[target];
  if (wrapped !== undefined) {
    if (wrapped.by.some((path) => isIn(file, path))) return null;
    return `Only ${wrapped.by.join(", ")} may name "${target}". ${wrapped.why} ${wrapped.instead}`;
  }
  if (!development.has(packageOf(target))) return null;
  return (
    `"${target}" is a development dependency. An installed Warmpool does not have it. ` +
    "Make it a dependency, or add the file that works without it to WRAPPED in scripts/walls/table.ts."
  );
}

/** `@a/b` of `@a/b/c`, `a` of `a/b`. */
function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
