/** Calls that are cut off at moments nobody chose. */

/** How often each call is cut off in one case. */
const CUTS = 3;

/** Runs it and says how many milliseconds that took. */
export async function timed<T>(call: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const start = performance.now();
  const value = await call();
  return { value, ms: performance.now() - start };
}

/** Random whole milliseconds before `ms`, the earliest first. */
export function moments(ms: number, random: () => number = Math.random): number[] {
  return Array.from({ length: CUTS }, () => Math.floor(random() * ms)).toSorted((one, other) => one - other);
}

/**
 * Makes the call and aborts it after so many milliseconds.
 * @returns false where it had succeeded by then
 * @throws what the call itself throws before that, or the reason of `signal`
 */
export async function cutOff(
  call: (signal: AbortSignal) => Promise<unknown>,
  afterMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const cut = new AbortController();
  const timer = setTimeout(() => cut.abort(new Error(`cut off after ${afterMs} ms`)), afterMs);
  try {
    await call(AbortSignal.any([cut.signal, signal]));
    return false;
  } catch (error) {
    signal.throwIfAborted();
    if (cut.signal.aborted) return true;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
