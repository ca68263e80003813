import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { environmentOf, type Process, processes } from "../proc.ts";

/**
 * Finds the processes that belong to a run, by the run's folder. Everything that a run starts inherits TMPDIR and
 * WARMPOOL_TEST_RUN, which point into that folder. A local machine inherits nothing: it has the folder on its command
 * line, and its own mark in its environment. Children of all these belong to the run as well.
 */
export const RUN_VARIABLE = "WARMPOOL_TEST_RUN";

/** A run that needs a file outside of /tmp, and so outside of its folder, gives it a name that begins with this. */
export function outsideTmp(folder: string): string {
  return join("/var/tmp", basename(folder));
}

const MACHINE_VARIABLE = "WARMPOOL_INSTALLATION";
/** The current folder of a shell says nothing: somebody may be looking at what a run has left. */
const CURRENT_FOLDER = ["PWD=", "OLDPWD="];
/** A watchdog has work to do for its own run, and ends by itself. */
const WATCHDOG = "/scripts/leash/watchdog.ts ";

/**
 * All processes of the run with that folder, or of the part of a run with that folder inside the run's; without this
 * process and without watchdogs.
 */
export function processesOf(folder: string): Process[] {
  const all = processes();
  const found = new Set(all.filter((process) => hasMark(process, folder)).map(({ pid }) => pid));
  // Children can come before their parents in the list, so repeat until nothing is added.
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all.filter(
    ({ pid, command }) => found.has(pid) && pid !== process.pid && !command.includes(WATCHDOG),
  );
}

function hasMark({ pid, command }: Process, folder: string): boolean {
  const environment = environmentOf(pid).split("\0");
  const startsWith = (names: readonly string[]) => (line: string) =>
    names.some((name) => line.startsWith(name));
  const isCurrentFolder = startsWith(CURRENT_FOLDER);
  if (environment.some((line) => line.includes(folder) && !isCurrentFolder(line))) return true;
  // A command line alone is not enough: a person's editor may have one of the run's files open.
  const isOfSomeRun = environment.some(startsWith([`${RUN_VARIABLE}=`, `${MACHINE_VARIABLE}=`]));
  return isOfSomeRun && command.includes(folder);
}

const SHUTDOWN_MS = 1500;
const PAUSE_MS = 50;

/**
 * Kills all processes of that folder (see `processesOf`), and repeats it until there are none. Postgres servers get the
 * chance to shut down first, because a killed one leaves its shared memory behind.
 * @throws Error with the processes that are still there after `seconds`
 */
export async function endAllOf(folder: string, seconds = 15): Promise<void> {
  const began = performance.now();
  const shuttingDown = new Set<number>();
  for (;;) {
    const left = processesOf(folder);
    if (left.length === 0) return;
    const passedMs = performance.now() - began;
    if (passedMs > seconds * 1000) {
      const names = left.map(({ pid, command }) => `${pid} ${command.slice(0, 80)}`);
      throw new Error(`These processes are still there ${seconds} s after SIGKILL: ${names.join("; ")}`);
    }
    const servers = new Set(passedMs < SHUTDOWN_MS ? left.filter(isPostgres).map(({ pid }) => pid) : []);
    for (const { pid, parent } of left) {
      if (!servers.has(pid) && !servers.has(parent)) signal(pid, "SIGKILL");
      if (!servers.has(pid) || shuttingDown.has(pid)) continue;
      shuttingDown.add(pid);
      signal(pid, "SIGQUIT");
      // A stopped process sees a signal only once it continues.
      signal(pid, "SIGCONT");
    }
    await delay(PAUSE_MS);
  }
}

/** The server's first process; it ends its other processes itself. */
function isPostgres({ command }: Process): boolean {
  return /^\S*\/postgres -D /.test(command);
}

/** Ignores processes that have ended in the meantime, and those of other users. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && (error.code === "ESRCH" || error.code === "EPERM")))
      throw error;
  }
}
