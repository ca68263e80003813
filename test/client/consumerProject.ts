import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { deadline } from "../helpers/patience.ts";
import { npmInstall, packed } from "../helpers/packed.ts";

const run = promisify(execFile);
const TSC = join(import.meta.dirname, "../../node_modules/.bin/tsc");

/** Strict, libraries checked too, and nothing in scope but what the package brings. */
const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  target: "ES2022",
  lib: ["ES2022", "DOM"],
  types: [],
  skipLibCheck: false,
};

/** A project in which the packed package is the only one that was asked for. */
export type ConsumerProject = AsyncDisposable & {
  path: string;
  /** Writes sources, each under its name. */
  write(sources: Record<string, string>): Promise<void>;
  /**
   * Compiles these files. `options` are added to the strict ones.
   * @returns what the compiler printed; with `listFiles`, also what it read
   * @throws Error with `stdout` if there are errors
   */
  compile(files: string[], options: Record<string, unknown>): Promise<string>;
};

/** Packs Warmpool and installs it by npm into an empty project of modules, in a temporary folder. */
export async function consumerProject(): Promise<ConsumerProject> {
  const folder = await mkdtemp(join(tmpdir(), "warmpool-consumer-"));
  const path = join(folder, "project");
  await mkdir(path);
  await writeFile(join(path, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await npmInstall(path, await packed(folder));
  return {
    path,
    async write(sources) {
      for (const [name, text] of Object.entries(sources)) await writeFile(join(path, name), text);
    },
    async compile(files, options) {
      const config = { compilerOptions: { ...STRICT, ...options }, files };
      await writeFile(join(path, "tsconfig.json"), JSON.stringify(config));
      const { stdout } = await run(TSC, ["--project", path], { signal: deadline(120) });
      return stdout;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
