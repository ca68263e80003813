import { setTimeout as delay } from "node:timers/promises";

/** Contracts as the chain has them, and as its index does, which is some blocks behind. */
export type Contract = { id: number; twin: number; node: number; data: string };

/** In milliseconds: until a call has its block, and until the index has seen that block. */
export type Pace = { blockMs: number; indexMs: number };

export class Chain {
  readonly #pace: Pace;
  readonly #active = new Map<number, Contract>();
  readonly #indexed = new Map<number, Contract>();
  readonly #cancelled: ((id: number) => void)[] = [];
  #last = 0;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  async create(twin: number, node: number, data: string): Promise<Contract> {
    await delay(this.#pace.blockMs);
    const contract = { id: ++this.#last, twin, node, data };
    this.#active.set(contract.id, contract);
    this.#later(() => this.#indexed.set(contract.id, contract));
    return contract;
  }

  /** @throws Error if there is no such contract, or no longer */
  async cancel(id: number): Promise<void> {
    await delay(this.#pace.blockMs);
    if (!this.#active.delete(id)) throw new Error(`ContractNotExists: ${id}`);
    this.#later(() => this.#indexed.delete(id));
    for (const tell of this.#cancelled) tell(id);
  }

  onCancelled(tell: (id: number) => void): void {
    this.#cancelled.push(tell);
  }

  /** How many contracts there have ever been. */
  get made(): number {
    return this.#last;
  }

  get(id: number): Contract | null {
    return this.#active.get(id) ?? null;
  }

  active(node: number): Contract[] {
    return [...this.#active.values()].filter((contract) => contract.node === node);
  }

  indexed(node: number): Contract[] {
    return [...this.#indexed.values()].filter((contract) => contract.node === node);
  }

  #later(change: () => void): void {
    setTimeout(change, this.#pace.indexMs).unref();
  }
}
