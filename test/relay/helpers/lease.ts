import type { Progress } from "../../../src/contract/progress.ts";
import { LeaseLost } from "../../../src/relay/errors.ts";
import type { Lease } from "../../../src/relay/session/lease.ts";

/** A lease that holds until the test ends it, and keeps what was told through it. */
export class TestLease implements Lease {
  readonly told: Progress[] = [];
  readonly #controller = new AbortController();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  ensure(): void {
    this.signal.throwIfAborted();
  }

  async report(progress: Progress): Promise<void> {
    this.signal.throwIfAborted();
    this.told.push(progress);
  }

  confirm(progress: Progress): Promise<void> {
    return this.report(progress);
  }

  end(reason: Error = new LeaseLost("The test took it away.")): void {
    this.#controller.abort(reason);
  }
}
