import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { environmentOf, type Process, processes } from "../proc.ts";

/**
 * Which processes belong to a run, told by its folder. Whatever a run starts inherits TMPDIR and WARMPOOL_TEST_RUN, which
 * lie in that folder; a local machine, which inherits nothing, has the folder on its command line and its own mark in
 * its environment. What these have started belongs to the run as well.
 */
export const RUN_VARIABLE = "WARMPOOL_TEST_RUN";

/** What names of files begin with that a run has to have outside of /tmp, and so outside of its folder. */
export function beyondTmp(folder: string): string {
  return join("/var/tmp", basename(folder));
}

const MACHINE_VARIABLE = "WARMPOOL_INSTALLATION";
/** Where a shell is, or was, says nothing about what it is: somebody may look at the folder. */
const PLACES = ["PWD=", "OLDPWD="];
/** Ends its own run when it has to, and removes what no process holds: never ended by another run's. */
const WATCHDOG = "/scripts/leash/watchdog.ts ";

/** @param folder of a run, or one in it. Neither this process nor a watchdog is among them. */
export function processesOf(folder: string): Process[] {
  const all = processes();
  const found = new Set(all.filter((process) => belongs(process, folder)).map(({ pid }) => pid));
  // A child may come before its parent, and may have hidden its environment: as often as it takes.
  for (let before = 0; before < found.size;) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all.filter(({ pid, command }) => found.has(pid) && pid !== process.pid && !isWatchdog(command));
}

function belongs({ pid, command }: Process, folder: string): boolean {
  const environment = environmentOf(pid).split("\0");
  const names = (line: string) => line.includes(folder) && !PLACES.some((place) => line.startsWith(place));
  if (environment.some(names)) return true;
  const isOfSomeRun = environment.some(
    (line) => line.startsWith(`${RUN_VARIABLE}=`) || line.startsWith(`${MACHINE_VARIABLE}=`),
  );
  return isOfSomeRun && command.includes(folder);
}

function isWatchdog(command: string): boolean {
  return command.includes(WATCHDOG);
}

const ASKED_MS = 1500;
const PAUSE_MS = 50;

/**
 * Kills what belongs to that folder, as often as something does. A database server is asked first: killed, it would leave
 * its shared memory behind.
 * @throws Error naming what is still there after so many seconds
 */
export async function endAllOf(folder: string, seconds = 15): Promise<void> {
  const began = performance.now();
  const asked = new Set<number>();
  for (;;) {
    const left = processesOf(folder);
    if (left.length === 0) return;
    const passedMs = performance.now() - began;
    if (passedMs > seconds * 1000) {
      const names = left.map(({ pid, command }) => `${pid} ${command.slice(0, 80)}`);
      throw new Error(`still running ${seconds} s after SIGKILL: ${names.join("; ")}`);
    }
    const servers = passedMs < ASKED_MS ? databaseServers(left) : new Set<number>();
    for (const { pid, parent } of left) {
      if (servers.has(pid)) {
        if (!asked.has(pid)) signal(pid, "SIGQUIT", "SIGCONT");
        asked.add(pid);
      } else if (!servers.has(parent)) signal(pid, "SIGKILL");
    }
    await delay(PAUSE_MS);
  }
}

/** Postgres' own first processes, which end all others of theirs. */
function databaseServers(all: readonly Process[]): Set<number> {
  return new Set(all.filter(({ command }) => /^\S*\/postgres -D /.test(command)).map(({ pid }) => pid));
}

/** A process that has ended in the meantime needs none. */
function signal(pid: number, ...names: NodeJS.Signals[]): void {
  for (const name of names) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }
}
