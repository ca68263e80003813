import { readdir, readFile, readlink } from "node:fs/promises";
import { pause } from "../../time/pause.ts";
import { fairNow } from "../../time/fairTime.ts";

/**
 * Incus 6.0.4 runs one helper for each loopback port of a container. Where a container ends while it is being started,
 * the helper of its first port stays: nothing in Incus's API ends it, not even the instance's delete, and the next
 * machine on that port could never start. Only helpers whose container is gone are ended, on the ports asked for; what
 * this user may not see or end is left alone, and the start that then fails names the port.
 */
type Helper = { pid: number; port: number; containerPid: number };

const END_MS = 3000;
const LOOK_MS = 20;

/** Ends the helpers that a failed start left on these loopback ports. The container that had them must not be running. */
export async function endLeftProxies(ports: readonly number[], signal: AbortSignal): Promise<void> {
  const helpers = (await Promise.all((await processIds()).map(readHelper))).filter((one) => one !== null);
  for (const { pid, port, containerPid } of helpers) {
    if (ports.includes(port) && !isAlive(containerPid)) await end(pid, signal);
  }
}

/** A helper by its arguments: forkproxy -- DAEMON FD tcp:127.0.0.1:PORT CONTAINER … */
export function parseHelper(args: readonly string[]): Omit<Helper, "pid"> | null {
  const at = args.indexOf("forkproxy");
  const port = /^tcp:127\.0\.0\.1:(\d+)$/.exec(args[at + 4] ?? "")?.[1];
  const containerPid = Number(args[at + 5]);
  if (at < 0 || port === undefined || !Number.isInteger(containerPid) || containerPid < 2) return null;
  return { port: Number(port), containerPid };
}

async function processIds(): Promise<number[]> {
  return (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry)).map(Number);
}

async function readHelper(pid: number): Promise<Helper | null> {
  try {
    const helper = parseHelper((await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0"));
    // Anybody can call a program so; only Incus's own binary is.
    if (helper === null || !(await readlink(`/proc/${pid}/exe`)).endsWith("/incusd")) return null;
    return { pid, ...helper };
  } catch {
    return null;
  }
}

async function end(pid: number, signal: AbortSignal): Promise<void> {
  if (!send(pid, "SIGTERM")) return;
  const deadline = fairNow() + END_MS;
  while (isAlive(pid)) {
    if (fairNow() >= deadline) {
      send(pid, "SIGKILL");
      return;
    }
    await pause(LOOK_MS, signal);
  }
}

/** @returns whether there was such a process, and it was this user's to end */
function send(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** One of another user counts as alive. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}
