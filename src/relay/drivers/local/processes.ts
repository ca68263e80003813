import { readFileSync, readdirSync } from "node:fs";
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
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      const pid = Number(entry);
      const found = readMark(readOrEmpty(`/proc/${pid}/environ`), owner);
      const startTime = found === null ? null : readStartTime(pid);
      return found === null || startTime === null ? [] : [{ pid, startTime, ...found }];
    });
}

/**
 * Kills everything marked as this machine's, frozen processes too, and waits until nothing of it is left. Looks again
 * after every round, so that what was started in the meantime is found as well.
 * @throws DriverError `retry` where something is still there after 15 s; the signal's reason where that is aborted.
 */
export async function endProcesses(owner: Owner, machine: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + END_WITHIN_SECONDS * 1000;
  for (let pause = 5; ; pause = Math.min(pause * 2, 200)) {
    signal.throwIfAborted();
    const left = findProcesses(owner).filter((process) => process.mark.machine === machine);
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      const pids = left.map((process) => process.pid).join(", ");
      throw new DriverError(
        "retry",
        `Processes of ${machine} did not end within ${END_WITHIN_SECONDS} s of SIGKILL (pid ${pids}): the kernel ` +
          `holds them, which is mostly a disk that does not answer. Look at their state in /proc/PID/stack.`,
      );
    }
    left.forEach(kill);
    await wait(pause, undefined, { signal });
  }
}

function kill(target: MachineProcess): void {
  if (readStartTime(target.pid) !== target.startTime) return;
  try {
    process.kill(target.pid, "SIGKILL");
  } catch (error) {
    if (!isErrno(error, "ESRCH")) throw error;
  }
}

/** Field 22 of /proc/PID/stat; the command name before it may itself hold spaces and brackets. */
function readStartTime(pid: number): string | null {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
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
