import type { Clock } from "./clock.ts";

/** Short, because of a time that the process was blocked what was left until the next tick is not seen. */
const EVERY_MS = 100;
/** A timer that is late by less is on time. */
const SLACK_MS = 20;

/**
 * How late the timers of this process are: its event loop was busy, or the host gave it no CPU, or it was stopped. That
 * somebody else did not answer in such time says nothing about them.
 */
export class LoopDelay {
  readonly #clock: Pick<Clock, "now" | "after">;
  #dueAt: number | null = null;
  #lateMs = 0;

  /** Measures from the first look on, for as long as the process lives. */
  constructor(clock: Pick<Clock, "now" | "after">) {
    this.#clock = clock;
  }

  /** Milliseconds by which timers have been late since the first look, what is late right now included. */
  get lateMs(): number {
    if (this.#dueAt === null) this.#next();
    return this.#lateMs + this.#overdue();
  }

  #next(): void {
    this.#dueAt = this.#clock.now() + EVERY_MS;
    this.#clock.after(EVERY_MS, () => {
      this.#lateMs += this.#overdue();
      this.#next();
    });
  }

  #overdue(): number {
    const late = this.#clock.now() - (this.#dueAt ?? Infinity);
    return late > SLACK_MS ? late : 0;
  }
}

/** Of this process; it keeps none alive that has nothing else to do. */
export const loopDelay = new LoopDelay({
  now: () => performance.now(),
  after: (milliseconds, act) => {
    const timer = setTimeout(act, milliseconds).unref();
    return () => clearTimeout(timer);
  },
});
