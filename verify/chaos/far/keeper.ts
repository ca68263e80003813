import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { CHECKOUT } from "../../harness/program.ts";

/** A program of the checkout that is started again whenever it ends, as a service manager would do. */
export type Command = { args: readonly string[]; env: Record<string, string>; logFile: string };

const AGAIN_MS = 500;

export class Keeper {
  readonly #command: Command;
  readonly #left = new Set<ChildProcess>();
  #current: ChildProcess;
  #isOver = false;

  constructor(command: Command) {
    this.#command = command;
    this.#current = this.#start();
  }

  /** @throws Error in the moment in which there is none. */
  signal(signal: NodeJS.Signals): number {
    const { pid, exitCode, signalCode } = this.#current;
    if (pid === undefined || exitCode !== null || signalCode !== null)
      throw new Error("it is just being started again");
    process.kill(pid, signal);
    return pid;
  }

  /**
   * Freezes it and puts another one in its place. It goes on when the promise's function is called: then there are two.
   * @throws Error in the moment in which there is none.
   */
  replace(): { old: number; wake: () => void } {
    const old = this.#current;
    const pid = this.signal("SIGSTOP");
    this.#current = this.#start();
    return { old: pid, wake: () => void old.kill("SIGCONT") };
  }

  /** Ends it, and all that were replaced; killed where they do not go within `seconds`. */
  async stop(seconds = 15): Promise<void> {
    this.#isOver = true;
    const ended = [...this.#left].map((child) => {
      const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.kill("SIGTERM");
      child.kill("SIGCONT");
      return Promise.race([gone, delay(seconds * 1000).then(() => void child.kill("SIGKILL"))]);
    });
    await Promise.all(ended);
  }

  #start(): ChildProcess {
    const { args, env, logFile } = this.#command;
    const log = openSync(logFile, "a", 0o600);
    const child = spawn(process.execPath, args, {
      cwd: CHECKOUT,
      stdio: ["ignore", log, log],
      env: { ...process.env, ...env },
    });
    closeSync(log);
    this.#left.add(child);
    child.once("exit", () => {
      this.#left.delete(child);
      if (child === this.#current) setTimeout(() => this.#again(child), AGAIN_MS);
    });
    return child;
  }

  #again(last: ChildProcess): void {
    if (!this.#isOver && this.#current === last) this.#current = this.#start();
  }
}
