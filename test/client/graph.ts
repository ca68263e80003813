import { resolve } from "node:path";
import { build } from "esbuild";

/** The packages that the client loads with its own files; each runs where `fetch` does. */
export const CLIENT_PACKAGES = ["@trpc/client", "@trpc/server", "eventsource", "eventsource-parser"];

/** What a program loads that imports the client: what a bundler for browsers puts into one file with it. */
export type Graph = {
  /** Files of Warmpool, as paths below `root`. */
  own: string[];
  /** Names of the packages that other files are of. */
  packages: string[];
  /** Modules that are neither, such as those of Node: nothing runs where they are missing. */
  missing: string[];
};

/**
 * Follows the imports of `entry` as a bundler for browsers does.
 * @param root the folder of Warmpool's own files
 * @throws Error if an import cannot be resolved and is no module of Node
 */
export async function graphOf(entry: string, root: string): Promise<Graph> {
  const missing = new Set<string>();
  const { metafile } = await build({
    entryPoints: [entry],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    plugins: [
      {
        name: "modules of Node",
        setup: (bundler) =>
          bundler.onResolve({ filter: /^node:/ }, ({ path }) => {
            missing.add(path);
            return { path, external: true };
          }),
      },
    ],
  });
  const files = Object.keys(metafile.inputs);
  return {
    own: files.filter(isOwn).toSorted(),
    packages: [
      ...new Set(files.filter((path) => !isOwn(path)).map((path) => packageOf(resolve(root, path)))),
    ].toSorted(),
    missing: [...missing].toSorted(),
  };
}

/** Of paths below the root, and of those outside of it. */
function isOwn(path: string): boolean {
  return /^(?:src|dist)\//.test(path);
}

/** Of the innermost package that the file belongs to: packages may bring others with them. */
function packageOf(path: string): string {
  const [first = "", second] = path.split("/node_modules/").at(-1)?.split("/") ?? [];
  return first.startsWith("@") ? `${first}/${second}` : first;
}
