import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/**
 * Deadlines in seconds of a quiet machine. On a busy one they stretch with what it gives, ten times at most: time that a
 * timer fired late counts for nothing, and where five tasks want each CPU a second counts for a fifth of one. What the
 * supervisor of `npm start` goes by is the same (src/relay/time/fairTime.ts), written twice because the acceptance run and the
 * fault run share no code with what they watch.
 */
const MOST = 10;
const LOOK_MS = 250;

export type Machine = { now: () => number; crowd: () => number };

export class Patience {
  readonly #seconds: number;
  readonly #machine: Machine;
  readonly #startedAt: number;
  #lookedAt: number;
  #countedMs = 0;

  constructor(seconds: number, machine: Machine = host) {
    this.#seconds = seconds;
    this.#machine = machine;
    this.#startedAt = this.#lookedAt = machine.now();
  }

  /** Counts the time since the last look, of which timers fired `lateMs` late; true once all of it is used up. */
  isOver(lateMs = 0): boolean {
    const now = this.#machine.now();
    const elapsed = now - this.#lookedAt;
    this.#lookedAt = now;
    const given = Math.max(0, elapsed - lateMs) / Math.max(1, this.#machine.crowd());
    this.#countedMs += Math.max(given, elapsed / MOST);
    return this.#countedMs >= this.#seconds * 1000;
  }

  /** For an error: `30 s`, and how long that was where the machine was busy. */
  get words(): string {
    const clock = Math.round((this.#machine.now() - this.#startedAt) / 1000);
    return clock > this.#seconds * 1.2
      ? `${this.#seconds} s (${clock} s on this busy machine)`
      : `${this.#seconds} s`;
  }
}

/** Those that are not over yet. One timer looks after them all: a fault run has thousands. */
const open = new Map<AbortController, Patience>();

/** `AbortSignal.timeout` in seconds of a quiet machine. */
export function deadline(seconds: number): AbortSignal {
  const controller = new AbortController();
  if (open.size === 0) lookAfter();
  open.set(controller, new Patience(seconds));
  return controller.signal;
}

function lookAfter(): void {
  const dueAt = performance.now() + LOOK_MS;
  const look = () => {
    const lateMs = Math.max(0, performance.now() - dueAt);
    for (const [controller, patience] of open) {
      if (!patience.isOver(lateMs)) continue;
      open.delete(controller);
      controller.abort(new DOMException(`It was not done within ${patience.words}.`, "TimeoutError"));
    }
    if (open.size > 0) lookAfter();
  };
  setTimeout(look, LOOK_MS).unref();
}

/** How many tasks want each CPU: the larger of now and the last minute's mean, which also knows who waits for a disk. */
export function crowdOf(loadavg: string, cpus: number): number {
  const [, mean = "0", running = "1"] = /^(\S+) \S+ \S+ (\d+)\//.exec(loadavg) ?? [];
  // The one that runs now is the one that asks.
  return Math.max(Number(mean), Number(running) - 1) / cpus;
}

let read = { at: -Infinity, crowd: 0 };

/** What takes so long on a quiet machine, in the same unit, takes so long on this one now. */
export function stretched(duration: number): number {
  return duration * Math.min(MOST, Math.max(1, host.crowd()));
}

const host: Machine = {
  now: () => performance.now(),
  crowd: () => {
    const now = performance.now();
    if (now - read.at > 100) read = { at: now, crowd: crowdOf(readLoad(), availableParallelism()) };
    return read.crowd;
  },
};

function readLoad(): string {
  try {
    return readFileSync("/proc/loadavg", "latin1");
  } catch {
    return "";
  }
}
