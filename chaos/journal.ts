import { FAULTS, type FaultKind } from "./schedule.ts";

/** A log-in that a frozen machine has held up may end that long after it goes on. */
const MENDED_AFTER_MS = 30_000;

/**
 * What the run has done to the system, said while it goes and counted. The observer asks it one thing: which machines
 * cannot be expected to answer.
 */
export class Journal {
  readonly #injected = new Map<FaultKind, number>();
  /** Until when, by machine. */
  readonly #spoilt = new Map<string, number>();
  readonly #startedAt = performance.now();
  #missed = 0;

  /** A fault that was brought about, and whom it hit. */
  inject(kind: FaultKind, whom: string): void {
    this.#injected.set(kind, (this.#injected.get(kind) ?? 0) + 1);
    this.say(`${FAULTS[kind].says}: ${whom}`);
  }

  /** A fault that nothing was there to suffer. */
  miss(kind: FaultKind, why: string): void {
    this.#missed += 1;
    this.say(`(${FAULTS[kind].says}: ${why})`);
  }

  say(text: string): void {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    console.log(`  ${seconds.toFixed(1).padStart(7)} s  ${text}`);
  }

  /** From now on nobody can rely on that machine. */
  spoil(machine: string): void {
    this.#spoilt.set(machine, Infinity);
  }

  /** It is again as it was, but for what tried to reach it meanwhile. */
  mend(machine: string): void {
    if (this.#spoilt.has(machine)) this.#spoilt.set(machine, performance.now() + MENDED_AFTER_MS);
  }

  isSpoilt(machine: string): boolean {
    return performance.now() < (this.#spoilt.get(machine) ?? 0);
  }

  counts(): string[] {
    const lines = [...this.#injected]
      .toSorted(([one], [other]) => one.localeCompare(other))
      .map(([kind, count]) => `${String(count).padStart(4)}  ${FAULTS[kind].says}`);
    return this.#missed === 0
      ? lines
      : [...lines, `${String(this.#missed).padStart(4)}  found nothing to hit`];
  }
}
