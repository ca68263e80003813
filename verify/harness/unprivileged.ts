import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { run } from "./program.ts";

/**
 * Programs that refuse to run as root: they run in a user namespace in which root's files are nobody's, or as nobody
 * where the kernel gives none; then `folder`, which is all that they write to, becomes nobody's too.
 */
const NAMESPACE = ["--user", "--map-user=65534", "--map-group=65534"];
const AS_NOBODY = ["--reuid=65534", "--regid=65534", "--clear-groups"];

export type Unprivileged = { stop(): Promise<void>; hasEnded(): boolean };

export async function startUnprivileged(
  command: readonly string[],
  folder: string,
  logFile: string,
): Promise<Unprivileged> {
  const [program = "", ...args] = await wrapped(command, folder);
  const log = openSync(logFile, "a", 0o600);
  // Where Debian puts some programs is not in everybody's PATH.
  const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin`, LC_ALL: "C" };
  const child = spawn(program, args, { stdio: ["ignore", log, log], env });
  closeSync(log);
  const ended = once(child, "exit");
  ended.catch(() => undefined);
  await once(child, "spawn");
  return { hasEnded: () => isOver(child), stop: () => end(child, ended) };
}

/** The command that runs this one so; for anybody but root it is the same. */
export async function wrapped(command: readonly string[], folder: string): Promise<string[]> {
  if (process.geteuid?.() !== 0) return [...command];
  const spaces = await run("unshare", [...NAMESPACE, "true"]);
  if (spaces.code === 0) return ["unshare", ...NAMESPACE, ...command];
  await run("chown", ["-R", "65534:65534", "--", folder]);
  return ["setpriv", ...AS_NOBODY, ...command];
}

function isOver({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Nothing of what it serves is wanted any more: SIGQUIT ends Postgres with all that it has started. */
async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (!isOver(child)) child.kill("SIGQUIT");
  await ended;
}
