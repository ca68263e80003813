import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { inject } from "vitest";
import { readProcess } from "../../../src/stack/processes.ts";
import { until } from "../../helpers/until.ts";

/** A relay that stands still. */
export type Frozen = {
  thaw(): void;
  /** Waits until it has ended, and says how. */
  ended(): Promise<number | NodeJS.Signals | null>;
};

/** A relay as a process that can be started, frozen and killed; all of its lives log to one file. */
export type RelayProcess = AsyncDisposable & {
  /** @param dir the folder with its identity */
  start: (dir: string) => void;
  /** Ends the latest one without a word, and returns when it is gone. */
  kill: () => Promise<void>;
  latest: () => Frozen & { pid: number; stands: () => boolean };
  freeze: () => Frozen;
  log: () => Promise<string>;
};

export function relayProcess(
  logFile: string,
  { args, env }: { args: string[]; env: Record<string, string> },
): RelayProcess {
  const children: ChildProcess[] = [];
  const end = async (child: ChildProcess | undefined): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  const latest = (): Frozen & { pid: number; stands(): boolean } => {
    const child = children.at(-1);
    const pid = child?.pid;
    if (child === undefined || pid === undefined) throw new Error("no relay was started");
    return {
      pid,
      stands: () => readProcess(pid)?.state === "T",
      thaw: () => void child.kill("SIGCONT"),
      ended: async () => {
        await until(`relay ${pid} to end`, () => child.exitCode !== null || child.signalCode !== null);
        return child.exitCode ?? child.signalCode;
      },
    };
  };
  return {
    start: (dir: string) => {
      const log = openSync(logFile, "a");
      children.push(
        spawn(process.execPath, [inject("programs").relay, "run", "--dir", dir, ...args], {
          env: { ...process.env, ...env },
          stdio: ["ignore", log, log],
        }),
      );
      closeSync(log);
    },
    kill: () => end(children.at(-1)),
    latest,
    freeze: () => {
      const frozen = latest();
      process.kill(frozen.pid, "SIGSTOP");
      return frozen;
    },
    log: () => readFile(logFile, "utf8"),
    [Symbol.asyncDispose]: async () => {
      for (const child of children) await end(child);
    },
  };
}
