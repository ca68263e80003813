import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { TestProject } from "vitest/node";
import { whereItWas } from "../bin/whereItWas.js";
import { bundleServer } from "../src/relay/drivers/local/bundleServer.ts";

/**
 * Once per run: the programs that tests start again and again, each in one file. From its sources a relay takes a
 * second of CPU to load, from one file a quarter of it; a driver program is started for every call.
 */
const SOURCES = {
  relay: "test/relay/helpers/relayProgram.ts",
  detour: "test/relay/helpers/detourProgram.ts",
  smallNode: "test/relay/helpers/smallNodeProgram.ts",
  localDriver: "examples/drivers/local/main.ts",
} as const;

declare module "vitest" {
  interface ProvidedContext {
    /** Paths of the programs, for Node. */
    programs: Record<keyof typeof SOURCES, string>;
  }
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "warmpool-test-programs-"));
  // What stays outside of the bundle is found where the checkout has it.
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await build({
    entryPoints: Object.entries(SOURCES).map(([out, source]) => ({ in: join(ROOT, source), out })),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    // What a program imports when it needs it is not loaded before.
    splitting: true,
    platform: "node",
    format: "esm",
    external: ["esbuild", "cpu-features", "*.node"],
    // What CommonJS packages expect to have.
    banner: {
      js: `import { createRequire as requireOf } from "node:module";
        const require = requireOf(import.meta.url), __dirname = import.meta.dirname;`,
    },
    plugins: [whereItWas(/\/(?:src|examples|test)\/.*\.ts$/, isProgram)],
    logLevel: "error",
  });
  await writeFile(
    join(folder, "sshServer.cjs"),
    await bundleServer(join(ROOT, "src/relay/drivers/local/sshServer/main.ts")),
  );
  const paths = Object.keys(SOURCES).map((name) => [name, join(folder, `${name}.mjs`)]);
  project.provide("programs", Object.fromEntries(paths));
  return () => rm(folder, { recursive: true, force: true });
}

/** It finds the machines' SSH server beside the program, as in a built package. */
const LOOKS_BESIDE_PROGRAM = "src/relay/drivers/local/program.ts";

/** Only a program asks where it runs. */
function isProgram(path: string): boolean {
  return [...Object.values(SOURCES), LOOKS_BESIDE_PROGRAM].some((source) => source === relative(ROOT, path));
}
