import { setTimeout as sleep } from "node:timers/promises";
import { ownSlowness, watchSelf } from "./lateness.ts";

/**
 * Where the relay and the local stack get their time from, so that a test can let hours pass in no time. Pure functions
 * take `now` as a parameter instead.
 */
export type Clock = {
  /** Milliseconds that only ever grow; they say nothing about the date. */
  now: () => number;
  /** Milliseconds since 1970, as the host's clock is set. */
  wallNow: () => number;
  /** Calls `act` once when `milliseconds` have passed; the function it returns calls that off. */
  after: (milliseconds: number, act: () => void) => () => void;
  /** Waits `milliseconds`, or throws the signal's reason as soon as it is aborted. */
  pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** A signal that is aborted with `parent`, or with a `TimeoutError` after `seconds`. */
  within: (seconds: number, parent: AbortSignal) => AbortSignal;
  /**
   * Starts to watch whether this process is given the time it asks for. The function it returns says why a wait since
   * then proves nothing about whoever did not answer; null if it does.
   */
  watch: () => () => string | null;
};

export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after: (milliseconds, act) => {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  },
  pause: async (milliseconds, signal) => {
    try {
      await sleep(milliseconds, undefined, { signal });
    } catch {
      signal.throwIfAborted();
    }
  },
  within: (seconds, parent) => AbortSignal.any([parent, AbortSignal.timeout(Math.ceil(seconds * 1000))]),
  watch: () => {
    const disturbances = watchSelf();
    return () => ownSlowness(disturbances());
  },
};
