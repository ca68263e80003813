/** Lets one loop be woken by others. Nudges that come while it works are one, and are not lost. */
export class Nudge {
  #isNudged = false;
  #wake: (() => void) | null = null;

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
          clearTimeout(timer);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        const timer = setTimeout(wake, ms);
        this.#wake = wake;
        signal.addEventListener("abort", wake);
      });
      this.#wake = null;
    }
    this.#isNudged = false;
  }
}
