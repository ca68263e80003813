import type { LeasedOperation } from "../../contract/relay.ts";

/** How many operations run at a time: set-ups mostly wait, the others make the node work. */
const SETUPS = 32;
const OTHERS = 4;

/**
 * Counts what runs, and lets nothing run on a machine where something else still does: the next one on that machine
 * starts when the one before has really ended.
 */
export class Slots {
  #setups = 0;
  #others = 0;
  readonly #tails = new Map<string, Promise<void>>();
  readonly #running = new Set<Promise<void>>();

  get free(): { setups: number; others: number } {
    return { setups: Math.max(0, SETUPS - this.#setups), others: Math.max(0, OTHERS - this.#others) };
  }

  /** Resolves when everything that was taken on has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Runs `work`, which must not throw, after whatever still runs on the same machine. */
  take(operation: LeasedOperation, work: () => Promise<void>): void {
    const key = operation.kind === "probe" ? `probe ${operation.id}` : operation.machine.id;
    this.#count(operation, 1);
    const before = this.#tails.get(key) ?? Promise.resolve();
    const run = before.then(work).finally(() => {
      this.#count(operation, -1);
      this.#running.delete(run);
      if (this.#tails.get(key) === run) this.#tails.delete(key);
    });
    this.#tails.set(key, run);
    this.#running.add(run);
  }

  #count(operation: LeasedOperation, by: 1 | -1): void {
    if (operation.kind === "setup") this.#setups += by;
    else this.#others += by;
  }
}
