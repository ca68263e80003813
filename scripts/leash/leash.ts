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
 * What a run of tests has started ends with it, however it ends. A watchdog in a session of its own holds a pipe from
 * the run; when that ends without a word, the run was killed, and the watchdog ends all that belongs to it and removes
 * its folder. So it does where `npm`, which started the run, is killed and the run lives on.
 */
export type Leash = {
  /** Of this run alone; temporary files of it and of what it starts are below it too. */
  folder: string;
  /**
   * The run has ended by itself. Its folder is removed unless it is to be kept.
   * @throws Error naming what it has left: processes that it lost, which are ended, and temporary files, which stay
   */
  release(keep: boolean): Promise<void>;
  /** Ends all that belongs to the run but the run itself; the folder stays where it is to be kept. */
  pull(keep: boolean): Promise<void>;
};

const WATCHDOG = fileURLToPath(new URL("watchdog.ts", import.meta.url));
const SETTLE_MS = 5000;
const PAUSE_MS = 100;

/**
 * Sets TMPDIR for this process and those it starts from now on.
 * @param name of the run, part of its folder's name
 * @param parent where the folder is made; it exists
 */
export async function holdLeash(name: string, parent = tmpdir()): Promise<Leash> {
  const folder = await mkdtemp(join(resolve(parent), `warmpool-${name}-`));
  // Postgres may have to run as nobody, and must be able to pass.
  await chmod(folder, 0o711);
  const watchdog = await startWatchdog(folder);
  const temporary = join(folder, "tmp");
  await mkdir(temporary);
  // Anybody's, as /tmp is: some of what is tested runs as another user.
  await chmod(temporary, 0o1777);
  Object.assign(process.env, { TMPDIR: temporary, [RUN_VARIABLE]: folder });

  /** Resolves when the watchdog has done what it was told. */
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
      // Stopped in the meantime.
      if (over !== null) return pull(keep);
      const left = [...(await lostProcesses(folder)), ...(keep ? [] : await filesIn(temporary))];
      if (left.length > 0) {
        await pull(true);
        throw new Error(
          `This run has left behind what is ended now (its folder ${folder} stays):\n${left.join("\n")}`,
        );
      }
      // One that was to be kept and holds nothing is no use.
      await (keep ? removeEmpty(temporary, folder) : rm(folder, { recursive: true, force: true }));
      await tell("done\n");
    },
  };
}

/**
 * Ends a run that is ended from outside, or by a fault of its own, with all that it has started.
 * @param keep whether its folder stays
 * @param tell is given the signal, or the fault with its stack
 */
export function endWhenStopped(leash: Leash, keep: boolean, tell: (why: string) => void): void {
  let isStopping = false;
  const stop = async (why: string): Promise<void> => {
    // npm hands on what the terminal has sent already.
    if (isStopping) return;
    isStopping = true;
    tell(why);
    await leash.pull(keep);
    process.exit(1);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  process.on("uncaughtException", (error) => stop(error.stack ?? error.message));
}

async function startWatchdog(folder: string): Promise<ChildProcess> {
  const { PATH, HOME } = process.env;
  // Who is started by npm, or by another run, ends with it. Who is started by a shell may outlive that.
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
 * Processes of the run that it has lost sight of, and that stay for a while: what is below it in the tree ends with it.
 * One line each.
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

async function removeEmpty(...folders: string[]): Promise<void> {
  for (const path of folders) {
    if ((await readdir(path)).length > 0) return;
    await rmdir(path);
  }
}
