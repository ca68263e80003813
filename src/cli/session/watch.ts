import { setTimeout as delay } from "node:timers/promises";
import type { WarmpoolClient } from "../../client/index.ts";
import type { Assignment } from "../../contract/assignment.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { isPassing } from "./patience.ts";

/**
 * Follows an assignment until it is active with the keys it was given, failed or released. Invariant: a lost connection is never an end. The
 * stream reconnects by itself; one that the server closed is opened anew; only when nothing is heard of the assignment for
 * `patienceSeconds` is that an error. That a stream opens says nothing: a server may greet everybody and know nothing.
 */

export type Watcher = {
  onChange: (assignment: Assignment) => void;
  onConnection: (state: "connected" | "lost") => void;
  signal: AbortSignal;
  /** How long the connection may stay lost. */
  patienceSeconds: number;
  /** What does not respond, if that is known: the error of a stream names nothing. */
  outage: () => string | null;
};

const BETWEEN_STREAMS_MS = 1000;

/** @throws CliError where the connection stays lost, the API's error where it refuses, or the signal's reason. */
export async function watchUntilSettled(
  client: WarmpoolClient,
  tester: { username: string; pool?: string },
  watcher: Watcher,
): Promise<Assignment> {
  const patience = new Patience(watcher.patienceSeconds);
  for (;;) {
    const last = await follow(client, tester, watcher, patience);
    if (last !== null && isSettled(last)) return last;
    await delay(BETWEEN_STREAMS_MS, undefined, { signal: watcher.signal }).catch(() => {});
    watcher.signal.throwIfAborted();
  }
}

/** An edge of an earlier version does not say whether keys are still on their way. */
export function isSettled({ state, keysPending }: Partial<Assignment>): boolean {
  return (state === "active" && keysPending !== true) || state === "failed" || state === "released";
}

/** One subscription, to its end: the last assignment it brought, or null where it broke before the first. */
function follow(
  client: WarmpoolClient,
  tester: { username: string; pool?: string },
  watcher: Watcher,
  patience: Patience,
): Promise<Assignment | null> {
  return new Promise((resolve, reject) => {
    let last: Assignment | null = null;
    const end = (settle: () => void) => {
      patience.rest();
      watcher.signal.removeEventListener("abort", aborted);
      // First: unsubscribing calls onComplete, and what has been settled stays so.
      settle();
      subscription.unsubscribe();
    };
    const lost = (error: unknown) => {
      watcher.onConnection("lost");
      patience.start(() => end(() => reject(lostForGood(watcher, error))));
    };
    const subscription = client.tester.watch.subscribe(tester, {
      onData: ({ data }) => {
        last = data;
        patience.reset();
        watcher.onConnection("connected");
        watcher.onChange(data);
        if (isSettled(data)) end(() => resolve(data));
      },
      onConnectionStateChange: ({ state, error }) => {
        if (state === "connecting" && error !== null) {
          if (isPassing(error)) lost(error);
          else end(() => reject(error));
        }
      },
      onError: (error) => {
        if (!isPassing(error)) {
          end(() => reject(error));
          return;
        }
        lost(error);
        // The next stream may greet as this one did, and end as it did.
        end(() => (patience.isOver() ? reject(lostForGood(watcher, error)) : resolve(last)));
      },
      onComplete: () => end(() => resolve(last)),
    });
    const aborted = () => end(() => reject(watcher.signal.reason));
    watcher.signal.addEventListener("abort", aborted);
    if (watcher.signal.aborted) aborted();
  });
}

/** The clock that runs while the connection is lost, across subscriptions. */
class Patience {
  readonly #seconds: number;
  #lostAt: number | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  start(onEnd: () => void): void {
    this.#lostAt ??= performance.now();
    clearTimeout(this.#timer);
    const left = this.#seconds * 1000 - (performance.now() - this.#lostAt);
    this.#timer = setTimeout(onEnd, Math.max(0, left));
  }

  isOver(): boolean {
    return this.#lostAt !== null && performance.now() - this.#lostAt >= this.#seconds * 1000;
  }

  /** Something was heard of the assignment. */
  reset(): void {
    this.#lostAt = null;
    this.rest();
  }

  /** Stops the timer but remembers since when the connection has been lost. */
  rest(): void {
    clearTimeout(this.#timer);
  }
}

function lostForGood({ patienceSeconds, outage }: Watcher, cause: unknown): CliError {
  const why = outage();
  return new CliError(
    EXIT.failed,
    why === null
      ? `the connection was lost and did not come back for ${patienceSeconds} s; the assignment itself continues.`
      : `${why}, for ${patienceSeconds} s now; the assignment itself continues.`,
    why === null
      ? "Warmpool may not be running. Check again with `warmpool tester USER`."
      : "`warmpool tester USER` shows its state once that responds.",
    { cause },
  );
}
