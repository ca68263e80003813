import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

/**
 * For esbuild: a module of a bundle that looks for a file beside itself finds it beside its source.
 * @param {RegExp} filter of the sources' paths
 * @param {(path: string) => boolean} isProgram asks whether it is what was started; only the bundle can tell
 * @returns {import("esbuild").Plugin}
 */
export function whereItWas(filter, isProgram = () => false) {
  return {
    name: "where it was",
    setup(builder) {
      builder.onLoad({ filter }, async ({ path }) => {
        const text = await readFile(path, "utf8");
        const here = JSON.stringify(pathToFileURL(path).href);
        return { contents: isProgram(path) ? text : text.replaceAll("import.meta.url", here), loader: "ts" };
      });
    },
  };
}
