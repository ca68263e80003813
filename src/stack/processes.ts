import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fairNow } from "../relay/time/fairTime.ts";

/**
 * Processes as the kernel tells them (Linux, /proc). A pid alone names nobody: the number is given out again. So
 * whoever wants to signal a process it recorded earlier compares the kernel's start time and the boot as well, and
 * a zombie is dead.
 */
export type ProcessId = { pid: number; startTime: number; bootId: string };

export type ProcessInfo = {
  pid: number;
  name: string;
  state: string;
  threads: number;
  parent: number;
  group: number;
  session: number;
  /** Clock ticks after boot. */
  startTime: number;
};

/** The process of that number as it is now, or null where there is none (a zombie is told with state `Z`). */
export function readProcess(pid: number): ProcessInfo | null {
  const stat = readProcFile(pid, "stat");
  if (stat === null) return null;
  // The name stands in brackets and may itself hold brackets and spaces: count fields from the last one.
  const nameEnd = stat.lastIndexOf(")");
  const fields = stat.slice(nameEnd + 2).split(" ");
  return {
    pid,
    name: stat.slice(stat.indexOf("(") + 1, nameEnd),
    state: fields[0] ?? "X",
    threads: Number(fields[17]),
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTime: Number(fields[19]),
  };
}

/** Every process that is not a zombie. */
export function listProcesses(): ProcessInfo[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => readProcess(Number(entry)))
    .filter((info) => info !== null)
    .filter((info) => !isZombie(info));
}

/** Who has that pid now; throws where nobody has. */
export function identify(pid: number): ProcessId {
  const info = readProcess(pid);
  if (info === null) throw new Error(`process ${pid} ended before it could be recorded`);
  return { pid, startTime: info.startTime, bootId: bootId() };
}

/** Whether exactly this process still runs. */
export function isRunning(id: ProcessId): boolean {
  return isThere(readProcess(id.pid), id.startTime) && id.bootId === bootId();
}

/** The folder a process works in, or null where it is gone or may not be asked. */
export function workingFolder(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}

/** Whether the process was started with `NAME=value` in its environment; false where it may not be asked. */
export function hasEnvironment(pid: number, name: string, value: string): boolean {
  return readProcFile(pid, "environ")?.split("\0").includes(`${name}=${value}`) ?? false;
}

/** Sends a signal to one process; false where it is gone already. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}

/**
 * Ends the processes that `find` names and waits until it names none and those it named are gone: each asked first with
 * `signal`, killed when `graceSeconds` are over. Found anew each time, because what is being ended may still start
 * something; remembered, because one that is ending may no longer be found (its environment goes first) while it still
 * holds its ports.
 * @throws Error where a process cannot be killed within ten more seconds (it hangs in the kernel).
 */
export async function endProcesses(
  find: () => ProcessInfo[],
  { signal, graceSeconds }: { signal: NodeJS.Signals; graceSeconds: number },
): Promise<void> {
  const named = new Map<number, ProcessInfo>();
  const left = () => {
    for (const info of find()) named.set(info.pid, info);
    return [...named.values()].filter(({ pid, startTime }) => isThere(readProcess(pid), startTime));
  };
  // A second signal would end at once what ends in an orderly way, so those that are there now get one. What they start
  // in the meantime may miss its first, being still the copy of its parent.
  const first = left();
  const ask = (pid: number) => {
    signalProcess(pid, signal);
    // A stopped process only sees the signal once it goes on.
    signalProcess(pid, "SIGCONT");
  };
  for (const { pid } of first) ask(pid);
  const askLater = (pid: number) => {
    if (!first.some((info) => info.pid === pid)) ask(pid);
  };
  if (await gone(left, graceSeconds, askLater)) return;
  if (await gone(left, 10, (pid) => signalProcess(pid, "SIGKILL"))) return;
  const stuck = left().map(({ pid, name, state }) => `${pid} (${name}, state ${state})`);
  throw new Error(
    `cannot stop ${stuck.join(", ")}: SIGKILL had no effect for 10 s. Look at /proc/PID/stack; a reboot will stop it.`,
  );
}

async function gone(
  find: () => ProcessInfo[],
  seconds: number,
  act: (pid: number) => void,
): Promise<boolean> {
  const deadline = fairNow() + seconds * 1000;
  for (;;) {
    const left = find();
    // Twice: one look at /proc may miss what was started in its middle by one that has ended by its end.
    if (left.length === 0 && find().length === 0) return true;
    if (fairNow() >= deadline) return false;
    for (const { pid } of left) act(pid);
    await delay(20);
  }
}

function isThere(info: ProcessInfo | null, startTime: number): boolean {
  return info !== null && !isZombie(info) && info.startTime === startTime;
}

/** A killed process is a zombie before its last thread has ended, and until then its ports and memory are still held. */
function isZombie(info: ProcessInfo): boolean {
  return info.state === "X" || (info.state === "Z" && info.threads <= 1);
}

/** Tells this run of the machine from the one before a reboot, when all numbers started anew. */
export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

function readProcFile(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return null;
  }
}
