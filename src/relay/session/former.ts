import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { readOr, writeWhole } from "./identity.ts";
import { log } from "../log.ts";
import { pause } from "../time/pause.ts";
import { fairNow } from "../time/fairTime.ts";

/**
 * The relay process that served this folder before. One that the edge has superseded learns so at its next call and
 * ends by itself; one that is frozen learns nothing, and would do on waking what it was about to do. So whoever takes a
 * folder over ends the one before it, after the edge has superseded that and before any work is taken on.
 */
const identity = z.object({ pid: z.int().min(2), startTime: z.string(), boot: z.string() });
type ProcessIdentity = z.infer<typeof identity>;

const FILE = "process";
/** A relay that is told that it is superseded stops within `STOP_SECONDS` of loop.ts. */
const GRACE_MS = 6000;
const KILLED_MS = 5000;

/** The process that serves this folder, or served it before this one, if it still lives. */
export async function formerOf(dir: string): Promise<ProcessIdentity | null> {
  const noted = parse(await readOr(join(dir, FILE), ""));
  return noted !== null && noted.pid !== process.pid && (await lives(noted)) ? noted : null;
}

/** Notes that this process serves the folder now. Not before its former has ended, or that would be forgotten. */
export async function noteSelf(dir: string): Promise<void> {
  const own = await identify(process.pid);
  if (own !== null) await writeWhole(join(dir, FILE), `${JSON.stringify(own)}\n`);
}

/** Waits a little for the process to end by itself, and kills it where it does not. A frozen one is not waited for. */
export async function endFormer(former: ProcessIdentity, signal: AbortSignal): Promise<void> {
  const graceEndsAt = fairNow() + GRACE_MS;
  while ((await stateOf(former.pid)) !== "T" && fairNow() < graceEndsAt) {
    if (!(await lives(former))) return;
    await pause(50, signal);
  }
  if (!(await lives(former))) return;
  log.warn("Killing the previous relay of this folder: it did not stop when asked", {
    pid: former.pid,
  });
  process.kill(former.pid, "SIGKILL");
  const killedAt = fairNow();
  while (await lives(former)) {
    if (fairNow() - killedAt > KILLED_MS)
      throw new Error(`The previous relay (pid ${former.pid}) is still running after SIGKILL.`);
    await pause(20, signal);
  }
}

/** Pid, start time and boot together are one process for ever; null where the host has no /proc to say so. */
async function identify(pid: number): Promise<ProcessIdentity | null> {
  const boot = await readOr("/proc/sys/kernel/random/boot_id", null);
  const fields = await statOf(pid);
  const startTime = fields?.[19];
  return boot === null || startTime === undefined ? null : { pid, startTime, boot: boot.trim() };
}

/** A zombie is dead. */
async function lives({ pid, startTime, boot }: ProcessIdentity): Promise<boolean> {
  const now = await identify(pid);
  if (now === null || now.startTime !== startTime || now.boot !== boot) return false;
  const state = await stateOf(pid);
  return state !== "Z" && state !== "X" && state !== null;
}

async function stateOf(pid: number): Promise<string | null> {
  return (await statOf(pid))?.[0] ?? null;
}

/** What stands behind the name in /proc/PID/stat: the state first, the start time 20th. */
async function statOf(pid: number): Promise<string[] | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    // It has ended, or there is no /proc.
    return null;
  }
}

/** A file that is damaged names nobody. */
function parse(text: string): ProcessIdentity | null {
  try {
    return identity.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
