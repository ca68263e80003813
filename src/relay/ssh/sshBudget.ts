/**
 * How much a machine may send over one connection before it is closed. Whoever is root on a machine decides what its
 * SSH server sends, and one relay reads what all machines of its node send, on one thread. Both bytes and messages are
 * counted: a message of a few bytes costs as much work as one of thousands.
 */
export type Allowance = { bytes: number; messages: number };

/** From the first byte until the login is done; a real server needs about 4 KiB and 15 messages. */
export const LOGIN: Allowance = { bytes: 256 * 1024, messages: 256 };

/** While no command runs, such as answers to keep-alives: between two probes a real server sends about ten messages. */
export const IDLE: Allowance = { bytes: 256 * 1024, messages: 1024 };

/** For one command of which `maxBytes` of each output are kept. What it prints beyond that is read and dropped. */
export function commandAllowance(maxBytes: number): Allowance {
  return { bytes: 8 * 1024 * 1024 + 4 * maxBytes, messages: 2048 + Math.floor(maxBytes / 256) };
}

/** One connection's account. It stays overdrawn once it was. */
export class SshBudget {
  #left: Allowance;

  constructor(first: Allowance) {
    this.#left = { ...first };
  }

  /** Starts the account again with `next`. What was overdrawn stays so. */
  allow(next: Allowance): void {
    if (!this.isSpent) this.#left = { ...next };
  }

  /** Adds to what is left, for one more command beside those that run. */
  add({ bytes, messages }: Allowance): void {
    if (this.isSpent) return;
    this.#left = { bytes: this.#left.bytes + bytes, messages: this.#left.messages + messages };
  }

  spend({ bytes = 0, messages = 0 }: Partial<Allowance>): void {
    this.#left.bytes -= bytes;
    this.#left.messages -= messages;
  }

  get isSpent(): boolean {
    return this.#left.bytes < 0 || this.#left.messages < 0;
  }
}
