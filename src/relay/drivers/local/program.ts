import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleServer } from "./bundleServer.ts";
import { isErrno } from "./errno.ts";
import { BOOT_SCRIPT, INIT_SCRIPT } from "./scripts.ts";

/**
 * What a machine runs: its SSH server bundled into one file, and the scripts that start it. Kept in a folder named by
 * its content and put there by rename, so several relays may start at once and a machine always boots whole files.
 */
export async function prepareProgram(root: string): Promise<string> {
  const files = { "sshd.cjs": await serverOnce(), "boot.sh": BOOT_SCRIPT, "init.sh": INIT_SCRIPT };
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

/** A built relay has the server in one file beside it (scripts/buildServer.ts); a checkout bundles it from its source. */
const BUILT = new URL("./sshServer.cjs", import.meta.url);

let server: Promise<string> | undefined;

/** Once a process: esbuild's own process is shared by all who use it here, and ended by the first that is done. */
function serverOnce(): Promise<string> {
  server ??= readServer().catch((error: unknown) => {
    server = undefined;
    throw error;
  });
  return server;
}

async function readServer(): Promise<string> {
  if (await exists(fileURLToPath(BUILT))) return readFile(BUILT, "utf8");
  return bundleServer(fileURLToPath(new URL("./sshServer/main.ts", import.meta.url)));
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
