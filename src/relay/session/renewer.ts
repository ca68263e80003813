import { type Clock, systemClock } from "../time/clock.ts";
import type { Edge } from "./edge.ts";
import { endsSession, retryMs } from "./edge.ts";
import { Cancelled, LeaseLost, ReportRefused, wordsOf } from "../errors.ts";
import { HeldLease } from "./lease.ts";
import { log } from "../log.ts";

/** Progress that nobody waits for goes out at most this often. */
const PROGRESS_MS = 1000;
/**
 * Reports that one call carries at most, in bytes of JSON; what does not fit goes with the next, at once. The largest
 * single one fits, and the edge reads twice as much.
 */
export const CALL_BYTES = 1024 * 1024;

/**
 * Renews every held lease in one call, every `renewSeconds` and sooner where there is progress to tell. It goes on
 * trying while the edge cannot be reached; leases run out by their own clocks.
 */
export class Renewer {
  readonly #edge: Pick<Edge, "renew">;
  readonly #clock: Clock;
  readonly #session: { session: string; leaseSeconds: number; renewSeconds: number };
  /** By token: the same operation may be leased again while its former lease is still being let go. */
  readonly #held = new Map<number, HeldLease>();
  #lastAt: number;
  #dueAt = Infinity;
  #nap = new AbortController();

  constructor(
    edge: Pick<Edge, "renew">,
    session: { session: string; leaseSeconds: number; renewSeconds: number },
    clock: Clock = systemClock,
  ) {
    this.#edge = edge;
    this.#session = session;
    this.#clock = clock;
    this.#lastAt = clock.now();
  }

  /** Takes on an operation that was leased by a request sent at `askedAt` (the clock's `now()`). */
  hold(operation: { id: string; token: number }, askedAt: number): HeldLease {
    for (const former of this.#held.values()) {
      if (former.id === operation.id) former.end(new LeaseLost("The operation has a newer lease."));
    }
    const lease = new HeldLease(
      operation,
      askedAt + this.#session.leaseSeconds * 1000,
      (urgent) => this.#wakeBy(urgent ? 0 : this.#lastAt + PROGRESS_MS),
      this.#clock,
    );
    this.#held.set(operation.token, lease);
    this.#wakeBy(this.#lastAt + this.#session.renewSeconds * 1000);
    return lease;
  }

  drop(lease: HeldLease): void {
    lease.release();
    this.#held.delete(lease.token);
  }

  /** Ends every lease that is held now. */
  endAll(reason: Error): void {
    for (const lease of this.#held.values()) lease.end(reason);
  }

  /**
   * Renews until `signal` is aborted.
   * @throws EdgeError where the session itself is refused.
   */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      await this.#sleep(signal);
      if (signal.aborted) return;
      try {
        await this.#renew(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (endsSession(error)) throw error;
        failures += 1;
        log.warn("Renewing failed; trying again", { cause: wordsOf(error), failures });
        await this.#clock.pause(retryMs(error, failures), signal).catch(() => undefined);
      }
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    let room = CALL_BYTES;
    const asked = [...this.#held.values()]
      .filter((lease) => !lease.signal.aborted)
      .map((lease) => {
        const progress = lease.nextProgress();
        const size = progress === undefined ? 0 : Buffer.byteLength(JSON.stringify(progress));
        if (size > room && room < CALL_BYTES) return { lease, progress: undefined };
        room -= size;
        return { lease, progress };
      });
    this.#lastAt = this.#clock.now();
    this.#dueAt = this.#held.size === 0 ? Infinity : this.#lastAt + this.#session.renewSeconds * 1000;
    if (asked.length === 0) return;
    const askedAt = this.#lastAt;
    let answer;
    try {
      answer = await this.#edge.renew(
        {
          session: this.#session.session,
          operations: asked.map(({ lease, progress }) => ({
            id: lease.id,
            token: lease.token,
            ...(progress === undefined ? {} : { progress }),
          })),
        },
        signal,
      );
    } catch (error) {
      this.#dueAt = 0;
      throw error;
    }
    const answers = new Map(answer.operations.map((renewed) => [renewed.id, renewed]));
    for (const { lease, progress } of asked) {
      const { status, refused } = answers.get(lease.id) ?? { status: "lost" };
      if (status === "lost") lease.end(new LeaseLost("The edge reports that the lease is lost."));
      else {
        if (progress !== undefined && refused !== undefined) {
          log.warn("The edge rejected a progress report; continuing without it", {
            operation: lease.id,
            cause: refused,
          });
          lease.refused(progress, new ReportRefused(`The edge rejected the report: ${refused}`));
        }
        lease.renewed(askedAt + this.#session.leaseSeconds * 1000, progress);
        if (status === "cancelling") lease.end(new Cancelled("The operation was cancelled."));
      }
    }
    if (asked.some(({ lease, progress }) => progress === undefined && lease.hasProgress)) {
      this.#wakeBy(room < CALL_BYTES ? 0 : this.#lastAt + PROGRESS_MS);
    }
  }

  #wakeBy(at: number): void {
    this.#dueAt = Math.min(this.#dueAt, at);
    this.#nap.abort();
  }

  /** Until the next renewal is due; woken when that moves forward. */
  async #sleep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#clock.now() < this.#dueAt) {
      this.#nap = new AbortController();
      const wake = AbortSignal.any([signal, this.#nap.signal]);
      await this.#clock.pause(Math.min(60_000, this.#dueAt - this.#clock.now()), wake).catch(() => undefined);
    }
  }
}
