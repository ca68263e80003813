import { systemClock } from "./clock.ts";

/**
 * Lets a few in at a time, first come first served. It bounds what takes a processor's or a host's time, not what only
 * waits: whoever has been in for `holdMs` gives up its place and goes on without one, so that what does not answer never
 * keeps others out for longer.
 */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #holdMs: number | null;
  readonly #after: typeof systemClock.after;

  /** @param holdMs null: a place is kept until it is left */
  constructor(places: number, holdMs: number | null, after = systemClock.after) {
    this.#free = places;
    this.#holdMs = holdMs;
    this.#after = after;
  }

  /** Resolves when there is a place, with what leaves it; leaving it again does nothing. */
  async enter(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let isIn = true;
    const leave = (): void => {
      if (!isIn) return;
      isIn = false;
      cancel();
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    };
    const cancel = this.#holdMs === null ? () => undefined : this.#after(this.#holdMs, leave);
    return leave;
  }

  /** Runs it with a place. */
  async through<T>(run: () => Promise<T>): Promise<T> {
    const leave = await this.enter();
    try {
      return await run();
    } finally {
      leave();
    }
  }
}
