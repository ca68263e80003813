import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { licensed } from "./licences.ts";
import { entryOf, type Lock, readManifest } from "./lock.ts";
import { shipped, shippedRoots } from "./shipped.ts";

/**
 * A project for npm that has exactly the packages that are passed on with Warmpool: `--omit=dev` in the checkout would
 * leave out whatever a development dependency uses too, such as zod, and what the dashboard is built from.
 */

/** Runs `work` in a temporary folder with that project's package.json and package-lock.json. */
export function inShippedProject<T>(root: string, work: (folder: string, packages: number) => T): T {
  const { manifest, lock } = readManifest(root);
  const paths = shipped(lock, manifest);
  const { name, version, license } = manifest;
  const dependencies = Object.fromEntries(
    shippedRoots(manifest).map((wanted) => [wanted, entryOf(lock, `node_modules/${wanted}`).version]),
  );
  const own = { name, version, license, dependencies };
  const packages = {
    "": own,
    ...Object.fromEntries(paths.map((path) => [path, shippedEntry(root, lock, path)])),
  };
  const temporary = mkdtempSync(join(tmpdir(), "warmpool-supply-"));
  try {
    // npm names the project after its folder.
    const folder = join(temporary, name);
    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), JSON.stringify(own));
    writeFileSync(
      join(folder, "package-lock.json"),
      JSON.stringify({ name, version, lockfileVersion: 3, requires: true, packages }),
    );
    return work(folder, paths.length);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** With the licence that its own package.json declares, and without peers, some of which are left out on purpose. */
function shippedEntry(root: string, lock: Lock, path: string) {
  const { peerDependencies: _, peerDependenciesMeta: __, ...rest } = entryOf(lock, path);
  const { licence } = licensed(root, lock, path);
  return { ...rest, dev: false, devOptional: false, ...(licence === null ? {} : { license: licence }) };
}
