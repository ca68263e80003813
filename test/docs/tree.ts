import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Text by path from the root of the repository, with `/` between folders. */
export type Tree = ReadonlyMap<string, string>;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Top folders of the repository: a name that begins with one of them and a slash is a path in it. */
export const FOLDERS = [
  ".ci",
  "bin",
  "docs",
  "drizzle",
  "examples",
  "recipes",
  "scripts",
  "src",
  "test",
  "verify",
] as const;

/** Reads the checkout without git, which a packed copy does not have. Other top folders (node_modules, dist) are left out. */
export function readTree(): Tree {
  const top = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isFile());
  const below = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length)),
  );
  const paths = [...top.map(({ name }) => name), ...below];
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
}
