import { execFile } from "node:child_process";
import { cp, mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { deadline } from "./patience.ts";

const run = promisify(execFile);
const checkout = join(import.meta.dirname, "../..");
/** What the package is built from, and what of it is not built. */
const SOURCES = [
  ...[
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "vite.config.ts",
    "bin",
    "src",
    "scripts",
  ],
  ...["docs", "drizzle", "examples", "recipes"],
];
const INSTALL = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];

/**
 * Packs Warmpool as others get it, into `folder`. From a copy, so that the checkout is left without a dist folder.
 * @returns the path of the packed file
 */
export async function packed(folder: string): Promise<string> {
  const source = join(folder, "source");
  await mkdir(source);
  for (const name of SOURCES) await cp(join(checkout, name), join(source, name), { recursive: true });
  await symlink(join(checkout, "node_modules"), join(source, "node_modules"));
  await run("npm", ["pack", "--pack-destination", folder], { cwd: source, signal: deadline(180) });
  const { version } = JSON.parse(await readFile(join(source, "package.json"), "utf8"));
  return join(folder, `warmpool-${version}.tgz`);
}

/** Installs a packed file by npm, which takes dependencies from its cache. @param args such as `--global` */
export async function npmInstall(cwd: string, file: string, ...args: string[]): Promise<void> {
  await run("npm", [...INSTALL, ...args, file], { cwd, signal: deadline(180) });
}
