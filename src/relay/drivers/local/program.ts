import { createHash, randomUUID } from "node:crypto";
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DriverError } from "../../driver.ts";
import { isErrno } from "./errno.ts";
import { BOOT_SCRIPT, INIT_SCRIPT } from "./scripts.ts";

/**
 * What a machine runs: its SSH server bundled into one file, and the scripts that start it. Kept in a folder named by
 * its content and put there by rename, so several relays may start at once and a machine always boots whole files.
 */
export async function prepareProgram(root: string): Promise<string> {
  const files = { "sshd.cjs": await bundleOnce(), "boot.sh": BOOT_SCRIPT, "init.sh": INIT_SCRIPT };
  const hash = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
  const folder = join(root, ".program", hash);
  if (await exists(folder)) return folder;

  const staged = `${folder}.${randomUUID()}`;
  await mkdir(staged, { recursive: true, mode: 0o700 });
  await Promise.all(
    Object.entries(files).map(([name, text]) => writeFile(join(staged, name), text, { mode: 0o600 })),
  );
  try {
    await rename(staged, folder);
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    // Another relay was first with the same content.
    if (!isErrno(error, "ENOTEMPTY", "EEXIST")) throw error;
  }
  return folder;
}

let bundled: Promise<string> | undefined;

/** Once a process: esbuild's own process is shared by all who use it here, and ended by the first that is done. */
function bundleOnce(): Promise<string> {
  bundled ??= bundleServer().catch((error: unknown) => {
    bundled = undefined;
    throw error;
  });
  return bundled;
}

async function bundleServer(): Promise<string> {
  // Loaded here and not at the top: a relay with another driver runs where only production packages are installed.
  const { build, stop } = await import("esbuild").catch((cause: unknown) => {
    throw new DriverError(
      "failed",
      "The local driver is for development and needs the package esbuild, which is not installed here: run `npm ci` " +
        "in a checkout, or choose another driver.",
      { cause },
    );
  });
  // In the checkout this is main.ts, in a build main.js: whatever this module itself is.
  const entry = new URL(`./sshServer/main${extname(import.meta.url)}`, import.meta.url);
  const result = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    minify: true,
    write: false,
    logLevel: "silent",
    // ssh2's native helpers are optional: it falls back to plain Node where they are not found.
    external: ["*.node", "cpu-features"],
  });
  // Otherwise esbuild's own process stays for as long as the relay.
  await stop();
  const [bundle] = result.outputFiles;
  if (bundle === undefined) throw new Error("esbuild gave no output for the machines' SSH server");
  return bundle.text;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}
