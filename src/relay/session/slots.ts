import type { LeasedOperation } from "../../contract/relay.ts";

/** How many set-ups run at a time: they mostly wait. */
const SETUPS = 32;
/** What runs beside the node's creates and deletes: a probe, and a restart or a cut for which somebody waits. */
const BESIDES = 2;
/** Creates and deletes at a time, until the edge has said how many the node works on. */
const USUAL_CONCURRENCY = 2;

/**
 * Counts what runs, and lets nothing run on a machine where something else still does: the next one on that machine
 * starts when the one before has really ended.
 */
export class Slots {
  #setups = 0;
  #others = 0;
  #concurrency = USUAL_CONCURRENCY;
  readonly #tails = new Map<string, Promise<void>>();
  readonly #running = new Set<Promise<void>>();

  get free(): { setups: number; others: number } {
    const others = this.#concurrency + BESIDES;
    return { setups: Math.max(0, SETUPS - this.#setups), others: Math.max(0, others - this.#others) };
  }

  /** Has a place for as many creates and deletes as the edge lets the node work on. */
  allow(concurrency: number): void {
    this.#concurrency = concurrency;
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
