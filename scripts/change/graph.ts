import { posix } from "node:path";

/** Reads a file of the checkout; null if there is none. */
export type Read = (path: string) => string | null;

/**
 * What a file imports by a relative path, from the root of the checkout. Files that it names by `new URL("./x.ts", …)`,
 * to run or to read them, count as well. Which form of import it is does not matter here, so this is no parser: a line
 * of text that looks like an import only makes the answer larger.
 */
export function importedBy(path: string, source: string): string[] {
  const named = source.matchAll(/\b(?:from|import|URL)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g);
  return [...named].map(([, specifier = ""]) => posix.join(posix.dirname(path), specifier));
}

/**
 * How many imports away from `start` each file is that it reaches; itself is 0 away.
 * @param follows whether what a file imports is of interest
 */
export function distances(
  start: string,
  read: Read,
  follows: (path: string) => boolean = () => true,
): Map<string, number> {
  const found = new Map([[start, 0]]);
  // A map's iterator goes on to what is added while it runs.
  for (const [path, distance] of found) {
    const source = path.endsWith(".ts") ? read(path) : null;
    if (source === null) continue;
    for (const next of importedBy(path, source)) {
      if (!found.has(next) && follows(next)) found.set(next, distance + 1);
    }
  }
  return found;
}
