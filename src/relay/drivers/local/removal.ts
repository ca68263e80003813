import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { DriverError } from "../../driver.ts";
import { isErrno } from "./errno.ts";

const run = promisify(execFile);
const REMOVE_WITHIN_SECONDS = 120;

/**
 * Removes a folder and all below it except through mounts. `last` names the entry that stays until everything else is
 * gone, so that a removal cut short still shows what it was.
 * @throws DriverError `failed` where the host has something mounted below it, `retry` where it could not be removed.
 */
export async function removeTree(
  path: string,
  { last, signal }: { last: string; signal: AbortSignal },
): Promise<void> {
  await assertNothingMounted(path);
  const rest = (await readdirOrEmpty(path)).filter((entry) => entry !== last);
  if (rest.length > 0)
    await remove(
      rest.map((entry) => join(path, entry)),
      signal,
    );
  await remove([path], signal);
}

/** Empty where it has gone meanwhile: whoever else removes it wants the same. */
async function readdirOrEmpty(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

/** A machine's own mounts live in its mount namespace alone: one that the host sees is somebody's mistake, or data. */
async function assertNothingMounted(path: string): Promise<void> {
  const mounts = await readFile("/proc/self/mountinfo", "utf8");
  const points = mounts.split("\n").map((line) => unescapeMount(line.split(" ")[4] ?? ""));
  const inside = points.filter((point) => point === path || point.startsWith(`${path}/`));
  if (inside.length === 0) return;
  throw new DriverError(
    "failed",
    `${inside.join(", ")} is mounted inside a machine's folder, but not by this driver: ` +
      `unmount it, so that the machine can be deleted.`,
  );
}

function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** By coreutils' rm, in a process of its own: it can be ended, and never leaves the file system it started on. */
async function remove(paths: string[], signal: AbortSignal): Promise<void> {
  const bounds = { signal, timeout: REMOVE_WITHIN_SECONDS * 1000 };
  const rm = () => run("rm", ["-rf", "--one-file-system", "--", ...paths], bounds);
  try {
    await rm().catch(async (error: unknown) => {
      if (isErrno(error, "ABORT_ERR")) throw error;
      // Folders that their owner made read-only (package caches do) stop a user who is not root. Part of the paths has
      // gone by now, which chmod calls a failure: what counts is what rm says next.
      await run("chmod", ["-R", "u+rwX", "--", ...paths], bounds).catch(() => {});
      return rm();
    });
  } catch (cause) {
    if (isErrno(cause, "ABORT_ERR")) throw signal.reason;
    const why = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : String(cause);
    throw new DriverError("retry", `A machine's folder could not be removed: ${why.slice(0, 500)}`, {
      cause,
    });
  }
}
