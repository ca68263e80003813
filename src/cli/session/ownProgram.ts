import { spawn } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

/** Programs of this package that the command line starts and shares no code with: it is a client of the API. */
export type OwnProgram = "server" | "db/migrate";

const SIGNALS = ["SIGTERM", "SIGHUP", "SIGINT"] as const;

/**
 * Runs one to its end in place of this process: same input and output, and signals are passed on.
 * @returns its exit code, as a shell would give it
 */
export function runOwnProgram(program: OwnProgram, env: NodeJS.ProcessEnv): Promise<number> {
  const args = import.meta.url.endsWith(".ts")
    ? [beside("../../../bin/run.js"), beside(`../../${program}.ts`)]
    : [beside(`../../${program}.js`)];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env, stdio: "inherit" });
    const passOn = SIGNALS.map((signal) => {
      // Ctrl-C on a terminal reaches the child by itself; a second one would end it at once.
      const listener = () => (signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal));
      process.on(signal, listener);
      return () => process.off(signal, listener);
    });
    const rest = () => passOn.forEach((end) => end());
    child.once("error", (error) => {
      rest();
      reject(error);
    });
    child.once("exit", (code, signal) => {
      rest();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

function beside(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
