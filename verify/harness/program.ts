import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { deadline } from "../../test/helpers/patience.ts";
import { until } from "../../test/helpers/until.ts";

/** Programs of the checkout, started the way a user starts them. */
export const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

export type Program = {
  pid: number;
  /** Waits for a line of its output that begins so, and gives it. @throws Error where it ends or is late. */
  line(beginning: string, seconds: number): Promise<string>;
  /** Resolves when it has ended, with `code 0` or the signal's name. */
  ended: Promise<string>;
  hasEnded(): boolean;
  /** The last lines that it printed. */
  tail(lines: number): string;
};

/** Starts `npm …` of the checkout. */
export function startNpm(args: string[], env: Record<string, string>, logFile: string): Promise<Program> {
  return startProgram("npm", args, { cwd: CHECKOUT, env, logFile });
}

/**
 * Starts a program in a process group of its own, its output in `logFile`. `env` is added to this process's own, and so is
 * the log's path: if a part fails, what it has left running is found by the part's folder in there.
 */
export async function startProgram(
  command: string,
  args: string[],
  { cwd, env, logFile }: { cwd: string; env: Record<string, string>; logFile: string },
): Promise<Program> {
  const name = [command, ...args].join(" ");
  const log = openSync(logFile, "a", 0o600);
  const text = () => readFileSync(logFile, "utf8");
  const begun = text().length;
  const child = spawn(command, args, {
    cwd,
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...process.env, ...env, WARMPOOL_ACCEPT_LOG: logFile },
  });
  closeSync(log);
  let isOver = false;
  const ended = once(child, "exit").then(([code, signal]) => {
    isOver = true;
    return signal === null ? `code ${code}` : String(signal);
  });
  await once(child, "spawn");
  const tail = (lines: number) => text().trimEnd().split("\n").slice(-lines).join("\n");
  return {
    pid: child.pid ?? 0,
    ended,
    hasEnded: () => isOver,
    tail,
    line: async (beginning, seconds) => {
      const find = () =>
        text()
          .slice(begun)
          .split("\n")
          .find((line) => line.startsWith(beginning));
      const outcome = await until(`${name} to print "${beginning}…"`, () => (isOver ? "over" : find()), {
        seconds,
        everyMs: 50,
      }).catch((cause: unknown) => {
        throw new Error(`${name} has not printed "${beginning}…". Its last lines:\n${tail(12)}`, {
          cause,
        });
      });
      const found = outcome === "over" ? find() : outcome;
      if (found === undefined)
        throw new Error(`${name} ended (${await ended}). Its last lines:\n${tail(12)}`);
      return found;
    },
  };
}

export type Ran = { code: number; stdout: string; stderr: string };

/** Runs a program to its end; 124 where it took longer than `seconds`. */
export function run(command: string, args: string[], seconds = 60): Promise<Ran> {
  return runWith("", command, args, seconds);
}

/** The same, with that text on its standard input. */
export function runWith(
  input: string,
  command: string,
  args: string[],
  seconds = 60,
  at: { cwd: string; env?: Record<string, string> } = { cwd: CHECKOUT },
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      args,
      {
        cwd: at.cwd,
        env: { ...process.env, ...at.env },
        signal: deadline(seconds),
        killSignal: "SIGKILL",
        maxBuffer: 16 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 124;
        resolve({ code, stdout, stderr });
      },
    );
    // A program that does not read it to its end is told by its code.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}
