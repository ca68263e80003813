import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * One run of a driver program, in a process group of its own. Invariant: when this returns or throws, the group has
 * been killed, so nothing of the call takes effect later; and when the relay itself is killed, so is the group. What
 * has to outlive the call (a machine) must have left the group, with a session of its own.
 */
export type Run = {
  program: string;
  args: string[];
  /** Goes to stdin, which is then closed. */
  input: string;
  env: Record<string, string>;
  timeoutSeconds: number;
  /** Between SIGTERM and SIGKILL, where the call is cut off; with 0 there is no SIGTERM. */
  graceSeconds: number;
  signal: AbortSignal;
};

/** `cut` says why the run did not end by itself. `stderr` is the end of what it printed there. */
export type Ran = {
  code: number | null;
  by: NodeJS.Signals | null;
  cut: "too_slow" | "too_long" | null;
  stdout: string;
  stderr: string;
};

/** A listing of 10,000 machines takes about 3 MiB. */
const STDOUT_BYTES = 16 * 2 ** 20;
const STDERR_BYTES = 16 * 1024;
/** What was printed is in the pipe when the program ends; only one that left its pipe to a child keeps it open. */
const DRAIN_MS = 500;
/** From SIGKILL on. */
const STUCK_MS = 10_000;

/** @throws the signal's reason where that is aborted; the system's error where the program cannot be started */
export async function runProgram(run: Run): Promise<Ran> {
  run.signal.throwIfAborted();
  const child = spawn(run.program, run.args, {
    cwd: "/",
    env: run.env,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  // `once` rejects with the error of a program that cannot be started.
  const exited = once(child, "exit");
  const group = child.pid === undefined ? null : new Group(child.pid, run.graceSeconds);
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let cut: Ran["cut"] = null;
  const cutOff = (why: Ran["cut"]): void => {
    cut ??= why;
    group?.end();
  };
  const abort = (): void => group?.end();
  const timer = setTimeout(() => cutOff("too_slow"), run.timeoutSeconds * 1000);
  run.signal.addEventListener("abort", abort);
  const stdout = keepHead(child.stdout, STDOUT_BYTES, () => cutOff("too_long"));
  const stderr = keepTail(child.stderr, STDERR_BYTES);
  // A program that does not read its input is in its right.
  child.stdin.on("error", () => undefined);
  // Only now: without its input a program can do nothing, so none does anything before there is a leash on it.
  child.stdin.end(run.input);
  try {
    await Promise.race([exited, group?.stuck ?? exited]);
    group?.kill();
    await Promise.race([closed, sleep(DRAIN_MS, undefined, { ref: false })]);
  } finally {
    clearTimeout(timer);
    run.signal.removeEventListener("abort", abort);
    group?.[Symbol.dispose]();
    child.stdout.destroy();
    child.stderr.destroy();
  }
  run.signal.throwIfAborted();
  return { code: child.exitCode, by: child.signalCode, cut, stdout: stdout(), stderr: stderr() };
}

/**
 * Waits on its stdin for a word that only a living relay can say; where that pipe just ends, the relay was killed, and
 * the group goes the same way.
 */
const LEASH = `read -r done && exit; kill -s TERM -- "-$1" && sleep "$2" && kill -s KILL -- "-$1"`;

/** A process group and the leash on it. */
class Group implements Disposable {
  readonly #id: number;
  readonly #graceSeconds: number;
  readonly #leash: ChildProcess;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #stuck = Promise.withResolvers<void>();
  /** Resolves where the kernel does not end what was killed, which is mostly a disk that does not answer. */
  readonly stuck = this.#stuck.promise;

  constructor(id: number, graceSeconds: number) {
    this.#id = id;
    this.#graceSeconds = graceSeconds;
    this.#leash = spawn("/bin/sh", ["-c", LEASH, "sh", String(id), String(graceSeconds)], {
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    // Without a leash no program may run: it would outlive a killed relay.
    this.#leash.once("error", () => this.kill());
    this.#leash.stdin?.on("error", () => undefined);
  }

  /** Asks it to end, and kills it where it has not after its grace. */
  end(): void {
    if (this.#timers.length > 0) return;
    const graceMs = this.#graceSeconds * 1000;
    if (graceMs > 0) this.#signal("SIGTERM");
    else this.kill();
    this.#timers.push(
      setTimeout(() => this.kill(), graceMs),
      setTimeout(() => this.#stuck.resolve(), graceMs + STUCK_MS),
    );
  }

  kill(): void {
    this.#signal("SIGKILL");
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#leash.stdin?.end("done\n");
    this.#leash.unref();
  }

  #signal(name: NodeJS.Signals): void {
    try {
      process.kill(-this.#id, name);
    } catch {
      // The group is gone already.
    }
  }
}

function keepHead(stream: Readable, maxBytes: number, onTooMuch: () => void): () => string {
  const chunks: Buffer[] = [];
  let left = maxBytes;
  stream.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left >= 0) chunks.push(chunk);
    else onTooMuch();
  });
  return () => Buffer.concat(chunks).toString("utf8");
}

function keepTail(stream: Readable, maxBytes: number): () => string {
  let kept = Buffer.alloc(0);
  stream.on("data", (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]).subarray(-maxBytes);
  });
  return () => kept.toString("utf8");
}
