import { FAULT_KINDS, FAULTS, type FaultKind } from "./schedule.ts";

/** A log-in that a frozen machine has held up may end that long after it goes on. */
const MENDED_AFTER_MS = 30_000;

/**
 * What the run has done to the system, said while it goes and counted. The observer asks it one thing: which machines
 * cannot be expected to answer.
 */
export class Journal {
  readonly #faults: { kind: FaultKind; hits: () => number; at: number }[] = [];
  /** Until when, by machine. */
  readonly #spoilt = new Map<string, number>();
  /** Whatever has become of them. */
  readonly #harmed = new Set<string>();
  readonly #startedAt = performance.now();
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** A fault that was brought about, whom it hit, and how often it has: what lasts may hit somebody later. */
  inject(kind: FaultKind, whom: string, hits: () => number): void {
    this.#faults.push({ kind, hits, at: performance.now() });
    this.say(`${FAULTS[kind].says}: ${whom}`);
  }

  /** A fault that nothing was there to suffer. */
  miss(kind: FaultKind, why: string): void {
    this.#faults.push({ kind, hits: () => 0, at: performance.now() });
    this.say(`(${FAULTS[kind].says}: ${why})`);
  }

  say(text: string): void {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    this.#print(`  ${seconds.toFixed(1).padStart(7)} s  ${text}`);
  }

  /** Whether a fault of those kinds has come since. */
  hasCome(kinds: readonly FaultKind[], since: number): boolean {
    return this.#faults.some(({ kind, at }) => at >= since && kinds.includes(kind));
  }

  /** From now on nobody can rely on that machine. */
  spoil(machine: string): void {
    this.#spoilt.set(machine, Infinity);
    this.#harmed.add(machine);
  }

  /** Whether anything was ever done to it. */
  wasHarmed(machine: string): boolean {
    return this.#harmed.has(machine);
  }

  /** It is again as it was, but for what tried to reach it meanwhile. */
  mend(machine: string): void {
    if (this.#spoilt.has(machine)) this.#spoilt.set(machine, performance.now() + MENDED_AFTER_MS);
  }

  isSpoilt(machine: string): boolean {
    return performance.now() < (this.#spoilt.get(machine) ?? 0);
  }

  /** A line for each kind that came. */
  counts(): string[] {
    return this.#tallies().map(({ kind, hit, all }) => `hit ${hit} of ${all}  ${FAULTS[kind].says}`);
  }

  /** @throws Error naming the kinds of which not one fault has hit anybody. */
  everyKindHasHit(): void {
    const idle = this.#tallies().filter(({ hit }) => hit === 0);
    if (idle.length > 0)
      throw new Error(idle.map(({ kind, all }) => `${FAULTS[kind].says}: ${all} came, none hit`).join("\n"));
  }

  #tallies(): { kind: FaultKind; hit: number; all: number }[] {
    return FAULT_KINDS.flatMap((kind) => {
      const faults = this.#faults.filter((fault) => fault.kind === kind);
      const hit = faults.filter(({ hits }) => hits() > 0).length;
      return faults.length === 0 ? [] : [{ kind, hit, all: faults.length }];
    });
  }
}
