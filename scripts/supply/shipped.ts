import { SOURCE } from "../walls/source.ts";
import { closure, type Lock, type Manifest } from "./lock.ts";

/** Other people's code that reaches whoever installs Warmpool: npm installs it, or the built dashboard contains it. */

/** Packages that the dashboard may import, as the walls have them. */
const DASHBOARD = (SOURCE["src/dashboard"]?.may ?? [])
  .filter((name) => !name.startsWith("src/"))
  .map((name) =>
    name
      .split("/")
      .slice(0, name.startsWith("@") ? 2 : 1)
      .join("/"),
  );

/** @returns names, each once, sorted */
export function shippedRoots({ dependencies }: Pick<Manifest, "dependencies">): string[] {
  return [...new Set([...Object.keys(dependencies), ...DASHBOARD])].toSorted();
}

/** @returns paths in the lock file, sorted */
export function shipped(lock: Lock, manifest: Manifest): string[] {
  return closure(lock, shippedRoots(manifest), manifest.bundleDependencies);
}
