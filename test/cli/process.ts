import { execFile } from "node:child_process";
import { join } from "node:path";
import type { Ran, RunOptions } from "./run.ts";
import { ADMIN_TOKEN } from "../api/edges.ts";
import { deadline } from "../helpers/patience.ts";

export const LAUNCHER = join(import.meta.dirname, "../../bin/warmpool.js");

type ProcessOptions = Pick<RunOptions, "url" | "env"> & {
  input?: string;
  /** Sees what was written as it grows, and may send the process a signal. */
  onStdout?: (soFar: string, kill: (signal: NodeJS.Signals) => void) => void;
  onStderr?: (soFar: string, kill: (signal: NodeJS.Signals) => void) => void;
};

/** Runs `warmpool ARGS` as a process of its own, by its launcher. */
export async function warmpoolProcess(
  args: string[],
  { url, env, input = "", onStdout, onStderr }: ProcessOptions = {},
): Promise<Ran> {
  const { PATH, HOME, TMPDIR } = process.env;
  const target = url === undefined ? {} : { WARMPOOL_URL: url, WARMPOOL_TOKEN: ADMIN_TOKEN };
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [LAUNCHER, ...args],
      { env: { PATH, HOME, TMPDIR, ...target, ...env }, signal: deadline(30) },
      (error, stdout, stderr) => {
        if (child.exitCode === null) reject(error ?? new Error("warmpool was ended by a signal"));
        else resolve({ code: child.exitCode, stdout, stderr });
      },
    );
    let stdout = "";
    let stderr = "";
    child.stdout?.on("data", (chunk) =>
      onStdout?.((stdout += String(chunk)), (signal) => child.kill(signal)),
    );
    child.stderr?.on("data", (chunk) =>
      onStderr?.((stderr += String(chunk)), (signal) => child.kill(signal)),
    );
    child.stdin?.end(input);
  });
}
