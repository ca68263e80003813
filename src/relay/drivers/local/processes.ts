import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { DriverError } from "../../driver.ts";
import { isErrno } from "./errno.ts";
import { readMark } from "./mark.ts";
import type { MachineMark, Owner, Part } from "./mark.ts";

/**
 * The processes of the owner's machines, as /proc shows them. A process is known by pid and start time together, and
 * is looked at again right before it is killed. A zombie has an empty environment and so counts as gone.
 */
export type MachineProcess = { pid: number; startTime: string; mark: MachineMark; part: Part };

/** A SIGKILLed process ends within milliseconds unless the kernel holds it (a hung disk): seconds. */
const END_WITHIN_SECONDS = 15;

/** Every live process that carries the owner's mark. */
export function findProcesses(owner: Owner): MachineProcess[] {
  return processIds().flatMap((pid) => {
    const found = readMark(readOrEmpty(`/proc/${pid}/environ`), owner);
    const stat = found === null ? null : readStat(pid);
    return found === null || stat === null ? [] : [{ pid, startTime: stat.startTime, ...found }];
  });
}

/**
 * Kills everything marked as this machine's, frozen processes too, and waits until nothing of it is left. Looks again
 * after every round, so that what was started in the meantime is found as well.
 * @throws DriverError `retry` where something is still there after 15 s; the signal's reason where that is aborted.
 */
export async function endProcesses(owner: Owner, machine: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + END_WITHIN_SECONDS * 1000;
  const inside = new Set<string>();
  for (let pause = 5; ; pause = Math.min(pause * 2, 200)) {
    signal.throwIfAborted();
    const marked = findProcesses(owner).filter((process) => process.mark.machine === machine);
    for (const { pid } of marked) addNamespaceOf(pid, inside);
    const left = [...marked.map(({ pid }) => pid), ...livingIn(inside)];
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      throw new DriverError(
        "retry",
        `Processes of ${machine} did not end within ${END_WITHIN_SECONDS} s of SIGKILL (pid ${left.join(", ")}): the ` +
          `kernel holds them, which is mostly a disk that does not answer. Look at their state in /proc/PID/stack.`,
      );
    }
    marked.forEach(kill);
    await wait(pause, undefined, { signal });
  }
}

/**
 * The PID namespace that this process gives its children, where it is not the driver's own. A dying PID 1 gives its
 * environment up before its namespace is empty: the namespace tells when the unmarked processes in it have ended too.
 */
function addNamespaceOf(pid: number, namespaces: Set<string>): void {
  const namespace = readLinkOrEmpty(`/proc/${pid}/ns/pid_for_children`);
  if (namespace !== "" && namespace !== readLinkOrEmpty("/proc/self/ns/pid")) namespaces.add(namespace);
}

function livingIn(namespaces: Set<string>): number[] {
  if (namespaces.size === 0) return [];
  return processIds().filter(
    (pid) =>
      namespaces.has(readLinkOrEmpty(`/proc/${pid}/ns/pid`)) && !/^[ZX]?$/.test(readStat(pid)?.state ?? ""),
  );
}

function kill(target: MachineProcess): void {
  if (readStat(target.pid)?.startTime !== target.startTime) return;
  try {
    process.kill(target.pid, "SIGKILL");
  } catch (error) {
    if (!isErrno(error, "ESRCH")) throw error;
  }
}

function processIds(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

/** Fields 3 and 22 of /proc/PID/stat; the command name before them may itself hold spaces and brackets. */
function readStat(pid: number): { state: string; startTime: string } | null {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTime] = [fields[0], fields[19]];
  return state === undefined || startTime === undefined ? null : { state, startTime };
}

const readOrEmpty = (path: string) => orEmpty(() => readFileSync(path, "latin1"));
const readLinkOrEmpty = (path: string) => orEmpty(() => readlinkSync(path));

/** Empty where the process has gone meanwhile, or belongs to a user whose processes cannot be ours. */
function orEmpty(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (isErrno(error, "ENOENT", "ESRCH", "EACCES", "EPERM")) return "";
    throw error;
  }
}
