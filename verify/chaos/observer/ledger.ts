/**
 * What the observer has looked at, by invariant: how often, and what it has seen broken. The same breach seen again
 * and again is one.
 */
export type Entry = { invariant: string; looks: number; broken: string[] };

export class Ledger {
  readonly #entries = new Map<string, { looks: number; broken: Set<string> }>();
  readonly #onBroken: (text: string) => void;

  constructor(onBroken: (text: string) => void) {
    this.#onBroken = onBroken;
  }

  /** One look at an invariant; each of `broken` says what breaks it. */
  looked(invariant: string, broken: readonly string[]): void {
    const entry = this.#entries.get(invariant) ?? { looks: 0, broken: new Set<string>() };
    this.#entries.set(invariant, entry);
    entry.looks += 1;
    for (const text of broken) {
      if (entry.broken.has(text)) continue;
      entry.broken.add(text);
      this.#onBroken(`BROKEN: ${invariant}: ${text}`);
    }
  }

  get looks(): number {
    return [...this.#entries.values()].reduce((sum, { looks }) => sum + looks, 0);
  }

  entries(): Entry[] {
    return [...this.#entries].map(([invariant, { looks, broken }]) => ({
      invariant,
      looks,
      broken: [...broken],
    }));
  }
}
