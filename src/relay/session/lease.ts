import type { OperationResult } from "../../contract/operationResult.ts";
import type { LeasedOperation } from "../../contract/relay.ts";
import type { Progress } from "../../contract/progress.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { Cancelled, LeaseLost, type ReportRefused } from "../errors.ts";

/**
 * What an executor sees of its right to one operation. `signal` is aborted, with the reason as its error, as soon as
 * that right may have ended; before a side effect `ensure()` says whether enough of it is left.
 */
export type Lease = {
  readonly signal: AbortSignal;
  /** @throws LeaseLost where the lease is lost, or has less than `seconds` (2) left by the monotonic clock. */
  ensure(seconds?: number): void;
  /**
   * Tells the edge how far it is, within about a second. Resolves once the edge knows and the lease still holds.
   * @throws ReportRefused where the edge does not take it; the lease's reason where that ends first
   */
  report(progress: Progress): Promise<void>;
  /** The same, but sent at once. */
  confirm(progress: Progress): Promise<void>;
};

type Waiter = { resolve: () => void; reject: (error: Error) => void };
type Parcel = { progress: Progress; waiters: Waiter[] };

/** Does one operation and says how it ended; throws the lease's reason where it may not go on. */
export type Executors = (operation: LeasedOperation, lease: Lease) => Promise<OperationResult>;

/**
 * One lease as the renewer keeps it. Its end is counted from before the request that granted it was sent, so that it
 * never outlasts what the edge believes. Progress goes out one parcel at a time: a parcel whose answer got lost is
 * sent again unchanged, so that the edge sees every piece of a log with the same offsets.
 */
export class HeldLease implements Lease {
  readonly id: string;
  readonly token: number;
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #wake: (urgent: boolean) => void;
  #endsAt = 0;
  #stopTimer = (): void => undefined;
  #sending: Parcel | null = null;
  #pending: Parcel | null = null;

  /** `wake` is called when there is progress to send; urgent means now. Times are the clock's `now()`. */
  constructor(
    operation: { id: string; token: number },
    endsAt: number,
    wake: (urgent: boolean) => void,
    clock: Clock = systemClock,
  ) {
    this.id = operation.id;
    this.token = operation.token;
    this.#wake = wake;
    this.#clock = clock;
    this.extend(endsAt);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  ensure(seconds = 2): void {
    this.signal.throwIfAborted();
    if (this.#endsAt - this.#clock.now() >= seconds * 1000) return;
    this.end(new LeaseLost("The lease is about to expire."));
    this.signal.throwIfAborted();
  }

  report(progress: Progress): Promise<void> {
    return this.#queue(progress, false);
  }

  confirm(progress: Progress): Promise<void> {
    return this.#queue(progress, true);
  }

  get hasProgress(): boolean {
    return this.#sending !== null || this.#pending !== null;
  }

  /** The parcel to send with the next renewal, the same one until it is acknowledged. */
  nextProgress(): Progress | undefined {
    if (this.#sending === null) {
      this.#sending = this.#pending;
      this.#pending = null;
    }
    return this.#sending?.progress;
  }

  /** The edge has answered `held` to a renewal that carried `progress`. */
  renewed(endsAt: number, progress: Progress | undefined): void {
    this.extend(endsAt);
    if (progress === undefined || this.#sending?.progress !== progress) return;
    for (const waiter of this.#sending.waiters) waiter.resolve();
    this.#sending = null;
  }

  /** The edge holds the lease, but has not taken this progress, and never will: whoever waits for it is told. */
  refused(progress: Progress, reason: ReportRefused): void {
    if (this.#sending?.progress !== progress) return;
    for (const waiter of this.#sending.waiters) waiter.reject(reason);
    this.#sending = null;
  }

  extend(endsAt: number): void {
    if (this.signal.aborted) return;
    this.#endsAt = Math.max(this.#endsAt, endsAt);
    this.#stopTimer();
    this.#stopTimer = this.#clock.after(Math.max(0, this.#endsAt - this.#clock.now()), () =>
      this.end(new LeaseLost("The lease expired before it could be renewed.")),
    );
  }

  /** Ends the right to go on; the first reason stays. */
  end(reason: LeaseLost | Cancelled | Error): void {
    this.#controller.abort(reason);
    this.release(reason);
  }

  /** Stops the clock: the operation has ended here, and nobody is told anything more of it. */
  release(reason: Error = new LeaseLost("The operation has ended.")): void {
    this.#stopTimer();
    const waiters = [...(this.#sending?.waiters ?? []), ...(this.#pending?.waiters ?? [])];
    for (const waiter of waiters) waiter.reject(reason);
    this.#sending = null;
    this.#pending = null;
  }

  #queue(progress: Progress, urgent: boolean): Promise<void> {
    if (this.signal.aborted) return Promise.reject(this.signal.reason as Error);
    return new Promise((resolve, reject) => {
      const before = this.#pending;
      this.#pending = {
        progress: before === null ? progress : merge(before.progress, progress),
        waiters: [...(before?.waiters ?? []), { resolve, reject }],
      };
      this.#wake(urgent);
    });
  }
}

/** Later progress over earlier. Log pieces are sent one after the other, so two never meet here. */
function merge(before: Progress, after: Progress): Progress {
  if (before.kind === "setup" && after.kind === "setup") {
    return { ...before, ...after, outputs: { ...before.outputs, ...after.outputs } };
  }
  return { ...before, ...after };
}
