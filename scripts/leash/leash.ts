import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, rmdir } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Process, processes } from "../proc.ts";
import { processesOf, RUN_VARIABLE } from "./belonging.ts";

/**
 * Ends everything that a run of tests has started when the run ends, however it ends. A watchdog process in its own
 * session reads from a pipe that the run holds open. If the pipe closes and the run has not sent `done`, the run was
 * killed: the watchdog ends all its processes and machines, and removes its folder. It does the same when the npm
 * process that started the run is killed; the run itself would continue.
 */
export type Leash = {
  /** This run's own folder. Temporary files of the run, and of everything that it starts, are in it as well. */
  folder: string;
  /**
   * For a run that has reached its end: removes the folder unless `keep` is set.
   * @throws Error if the run has left processes behind (they are ended), or temporary files (they are kept)
   */
  release(keep: boolean): Promise<void>;
  /** Ends everything that the run has started, and returns when that is done. `keep` keeps the folder. */
  pull(keep: boolean): Promise<void>;
};

const WATCHDOG = fileURLToPath(new URL("watchdog.ts", import.meta.url));
const SETTLE_MS = 5000;
const PAUSE_MS = 100;

/**
 * Makes the run's folder and starts the watchdog. Sets TMPDIR for this process and those that it starts from now on.
 * @param name of the run; it becomes part of the folder's name
 * @param parent an existing folder to make the run's folder in
 */
export async function holdLeash(name: string, parent = tmpdir()): Promise<Leash> {
  const folder = await mkdtemp(join(resolve(parent), `warmpool-${name}-`));
  // Postgres may have to run as `nobody`, and must be able to reach its files.
  await chmod(folder, 0o711);
  const watchdog = await startWatchdog(folder);
  const temporary = join(folder, "tmp");
  await mkdir(temporary);
  // Writable for everybody, like /tmp: some tests run programs as another user.
  await chmod(temporary, 0o1777);
  Object.assign(process.env, {
    TMPDIR: temporary,
    [RUN_VARIABLE]: folder,
    // npm keeps compiled code in TMPDIR, where it would count as left behind.
    NODE_DISABLE_COMPILE_CACHE: "1",
  });

  /** Resolves when the watchdog has finished. */
  let over: Promise<unknown> | null = null;
  const tell = async (word: string): Promise<void> => {
    if (over === null) {
      over = once(watchdog, "exit");
      watchdog.ref();
      watchdog.stdin?.end(word);
    }
    await over;
  };
  const pull = (keep: boolean): Promise<void> => tell(keep ? "end\n" : "");
  return {
    folder,
    pull,
    async release(keep) {
      // A signal was faster.
      if (over !== null) return pull(keep);
      const left = [...(await lostProcesses(folder)), ...(keep ? [] : await filesIn(temporary))];
      if (left.length > 0) {
        await pull(true);
        throw new Error(
          `This run has left something behind. Its processes are ended now; its folder ${folder} is kept.\n${left.join("\n")}`,
        );
      }
      await (keep ? removeIfEmpty(temporary, folder) : rm(folder, { recursive: true, force: true }));
      await tell("done\n");
    },
  };
}

/**
 * On a signal, or an error that nobody has caught: ends everything that the run has started, and then the run.
 * @param keep whether to keep the run's folder
 * @param tell is called first, with the signal's name or the error's stack
 */
export function endWhenStopped(leash: Leash, keep: boolean, tell: (why: string) => void): void {
  let isStopping = false;
  const stop = async (why: string): Promise<void> => {
    // The same Ctrl-C comes twice, from the terminal and from npm.
    if (isStopping) return;
    isStopping = true;
    tell(why);
    await leash.pull(keep);
    process.exit(1);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(signal));
  process.on("uncaughtException", (error) => void stop(error.stack ?? error.message));
}

async function startWatchdog(folder: string): Promise<ChildProcess> {
  const { PATH, HOME } = process.env;
  // A run that npm or another run has started ends with it. One that a shell has started may outlive the shell.
  const isStarted =
    process.env["npm_lifecycle_event"] !== undefined || process.env[RUN_VARIABLE] !== undefined;
  const parent = isStarted ? process.ppid : 0;
  const child = spawn(process.execPath, [WATCHDOG, folder, String(process.pid), String(parent)], {
    cwd: "/",
    detached: true,
    env: { PATH, HOME },
    stdio: ["pipe", "ignore", "ignore"],
  });
  await once(child, "spawn");
  child.unref();
  (child.stdin as Socket).unref();
  child.stdin?.on("error", () => undefined);
  return child;
}

/**
 * The run's processes that no longer descend from it and that stay, one line each. Descendants are not lost: a worker
 * or a helper of the test tool may still be about to end.
 */
async function lostProcesses(folder: string): Promise<string[]> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const lost = orphansOf(folder);
    if (lost.length === 0 || performance.now() >= deadline)
      return lost.map(({ pid, command }) => `process ${pid} ${command}`);
    await delay(PAUSE_MS);
  }
}

function orphansOf(folder: string): Process[] {
  const parents = new Map(processes().map(({ pid, parent }) => [pid, parent]));
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return pid === process.pid || (parent !== undefined && isBelow(parent));
  };
  return processesOf(folder).filter(({ pid }) => !isBelow(pid));
}

async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).map((name) => `file ${join(folder, name)}`);
}

/** A kept folder that holds nothing is of no use. */
async function removeIfEmpty(...folders: string[]): Promise<void> {
  for (const path of folders) {
    if ((await readdir(path)).length > 0) return;
    await rmdir(path);
  }
}
