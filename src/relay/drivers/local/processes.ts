import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { growing } from "../../../contract/growing.ts";
import { DriverError } from "../../driver.ts";
import { isErrno } from "./errno.ts";
import { readMark } from "./mark.ts";
import type { MachineMark, Owner, Part } from "./mark.ts";
import { fairNow } from "../../time/fairTime.ts";

/**
 * The processes of the owner's machines, as /proc shows them. A process is known by pid and start time together, and
 * is looked at again right before it is killed. A zombie has an empty environment and so counts as gone.
 */
type Known = { pid: number; startTime: string };
export type MachineProcess = Known & { mark: MachineMark; part: Part };

/** A SIGKILLed process ends within milliseconds unless the kernel holds it (a hung disk): seconds. */
const END_WITHIN_SECONDS = 15;
/** How long somebody else's process that does not get to its end may hold up the end of a machine. */
const ENDING_FOR_SECONDS = 2;
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 200;

/** Bits of a process's flags, from the kernel's include/linux/sched.h. */
const PF_EXITING = 0x4;
const PF_KTHREAD = 0x200000;

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
 * after every round, so that what was started in the meantime is found as well. When a PID 1 is gone, so is all in
 * its namespace, marked or not.
 * @throws DriverError `retry` where something is still there after 15 s; the signal's reason where that is aborted.
 */
export async function endProcesses(owner: Owner, machine: string, signal: AbortSignal): Promise<void> {
  const start = fairNow();
  const seconds = () => (fairNow() - start) / 1000;
  let ending: Known[] | undefined;
  const seen = new Map<number, Known>();
  for (let rounds = 0; ; rounds += 1) {
    signal.throwIfAborted();
    const marked = findProcesses(owner).filter((process) => process.mark.machine === machine);
    // After the marks are read: a process that begins to end between the two looks is then in one of them.
    ending ??= findEnding();
    for (const process of marked) seen.set(process.pid, process);
    const left = [...seen.values()].filter(isAlive);
    if (left.length === 0 && (seconds() > ENDING_FOR_SECONDS || !ending.some(isAlive))) return;
    if (seconds() > END_WITHIN_SECONDS) {
      const pids = left.map((process) => process.pid).join(", ");
      throw new DriverError(
        "retry",
        `Processes of ${machine} did not end within ${END_WITHIN_SECONDS} s of SIGKILL (pid ${pids}): the kernel ` +
          `is blocking them, usually because a disk does not respond. Look at /proc/PID/stack.`,
      );
    }
    marked.forEach(kill);
    await wait(growing(FIRST_WAIT_MS, LONGEST_WAIT_MS, rounds));
  }
}

/**
 * Processes that end at this moment, whosever they are. Such a one has given up its environment, and its mark with it,
 * but not yet its port, nor as a PID 1 the processes under it.
 */
function findEnding(): Known[] {
  return processIds().flatMap((pid) => {
    const stat = readStat(pid);
    const isEnding = stat !== null && (stat.flags & PF_EXITING) !== 0 && (stat.flags & PF_KTHREAD) === 0;
    return isEnding ? [{ pid, startTime: stat.startTime }] : [];
  });
}

function isAlive({ pid, startTime }: Known): boolean {
  const stat = readStat(pid);
  return stat !== null && stat.startTime === startTime && !/[ZX]/.test(stat.state);
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

/** Fields 3, 9 and 22 of /proc/PID/stat; the command name before them may itself hold spaces and brackets. */
function readStat(pid: number): { state: string; flags: number; startTime: string } | null {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, flags, startTime] = [fields[0], fields[6], fields[19]];
  if (state === undefined || startTime === undefined) return null;
  return { state, flags: Number(flags), startTime };
}

/** Empty where the process has gone meanwhile, or belongs to a user whose processes cannot be ours. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (isErrno(error, "ENOENT", "ESRCH", "EACCES", "EPERM")) return "";
    throw error;
  }
}
