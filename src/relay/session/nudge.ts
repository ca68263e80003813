import { type Clock, systemClock } from "../time/clock.ts";

/** Lets one loop be woken by others. Nudges that come while it works are one, and are not lost. */
export class Nudge {
  readonly #clock: Clock;
  #isNudged = false;
  #wake: (() => void) | null = null;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Wakes whoever waits, or the next one who will. */
  nudge(): void {
    this.#isNudged = true;
    this.#wake?.();
  }

  /** Resolves at the next nudge, after `ms`, or when the signal aborts, whichever comes first. */
  async next(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#isNudged && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          stopTimer();
          signal.removeEventListener("abort", wake);
          resolve();
        };
        const stopTimer = this.#clock.after(ms, wake);
        this.#wake = wake;
        signal.addEventListener("abort", wake);
      });
      this.#wake = null;
    }
    this.#isNudged = false;
  }
}
