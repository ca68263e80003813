import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../src/relay/time/clock.ts";

/** A clock that stands still until the test moves it. */
export type TestClock = Clock & {
  /** Lets that much time pass: what falls due happens at its moment and in order, with what follows from it. */
  advance(milliseconds: number): Promise<void>;
  /** Lets that much time pass in which this process does not run at all; then what fell due happens late. */
  stall(milliseconds: number): Promise<void>;
};

export function testClock(): TestClock {
  let now = 1_000_000;
  let timers: { at: number; act: () => void }[] = [];

  const runUntil = async (end: number) => {
    await settle();
    for (;;) {
      const next = timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      timers = timers.filter((other) => other !== next);
      now = Math.max(now, next.at);
      next.act();
      await settle();
    }
    now = Math.max(now, end);
  };
  const after = (milliseconds: number, act: () => void) => {
    const timer = { at: now + Math.max(0, milliseconds), act };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  };
  return {
    now: () => now,
    wallNow: () => now,
    after,
    pause: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const abort = () => {
          cancel();
          reject(signal.reason);
        };
        const cancel = after(milliseconds, () => {
          signal.removeEventListener("abort", abort);
          resolve();
        });
        signal.addEventListener("abort", abort, { once: true });
      }),
    within: (seconds, parent) => {
      const deadline = new AbortController();
      after(seconds * 1000, () => deadline.abort(new DOMException("It took too long", "TimeoutError")));
      return AbortSignal.any([parent, deadline.signal]);
    },
    // Its time passes only when the test says so: however busy the host is, nobody is short of it.
    watch: () => () => null,
    advance: (milliseconds) => runUntil(now + milliseconds),
    async stall(milliseconds) {
      await settle();
      now += milliseconds;
      await runUntil(now);
    },
  };
}

/** A test's clock on which whoever pauses moves the time on: tries that are seconds apart follow each other at once. */
export function hastyClock(): TestClock {
  const clock = testClock();
  return {
    ...clock,
    pause: async (milliseconds, signal) => {
      signal.throwIfAborted();
      await clock.advance(milliseconds);
      signal.throwIfAborted();
    },
  };
}

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await turn();
}
