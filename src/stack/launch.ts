import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, renameSync, statSync } from "node:fs";
import { identify } from "./processes.ts";
import type { ProcessId } from "./processes.ts";

/** A program to run as a part. `env` is added to this process's own. */
export type Program = { command: string; args: string[]; env?: Record<string, string> };

/** Waits for the word, then becomes the program under the same pid. Without the word it does nothing and ends. */
const GATE = 'read -r go && exec "$@"';
const LOG_LIMIT = 10 * 1024 * 1024;

/**
 * Starts a program in a session of its own, its output added to `logFile`. It is held back until `record` has
 * returned: there is no moment at which it runs and nobody knows of it.
 * @returns who it is, and a promise that resolves when it has ended, with how.
 */
export async function launch(
  program: Program,
  logFile: string,
  record: (id: ProcessId) => void,
): Promise<{ id: ProcessId; ended: Promise<string> }> {
  rotate(logFile);
  const log = openSync(logFile, "a", 0o600);
  try {
    const child = spawn("/bin/sh", ["-c", GATE, "sh", program.command, ...program.args], {
      detached: true,
      stdio: ["pipe", log, log],
      env: { ...process.env, ...program.env },
    });
    const ended = once(child, "exit").then(([code, signal]) =>
      signal === null ? `exited with status ${code}` : `was killed by ${signal}`,
    );
    child.stdin?.on("error", () => undefined);
    await once(child, "spawn");
    try {
      const id = identify(child.pid ?? 0);
      record(id);
      child.stdin?.end("go\n");
      return { id, ended };
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  } finally {
    closeSync(log);
  }
}

/** Keeps one older log beside the current one, so that a part in trouble cannot fill the disk over its restarts. */
function rotate(logFile: string): void {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT) renameSync(logFile, `${logFile}.1`);
}
