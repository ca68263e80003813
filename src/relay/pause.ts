import { setTimeout as sleep } from "node:timers/promises";

/** Waits `milliseconds`, or throws the signal's reason as soon as it is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
}

/** Milliseconds before try number `failures` + 1: half a second, doubling to ten, a quarter of it by chance. */
export function backoff(failures: number, random: () => number = Math.random): number {
  const full = Math.min(10_000, 500 * 2 ** Math.max(0, failures - 1));
  return full * (0.75 + 0.25 * random());
}

/** A signal that is aborted with `parent`, or with a `TimeoutError` after `seconds`. */
export function within(seconds: number, parent: AbortSignal): AbortSignal {
  return AbortSignal.any([parent, AbortSignal.timeout(seconds * 1000)]);
}
