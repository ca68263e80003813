/**
 * A rate limit for a token or an address: a bucket of `perMinute` that fills evenly. It is kept
 * in the memory of one edge instance, so that several instances allow several times as much; a shared count would cost a write
 * per request and protect the database with the database (docs/decisions/0007-admin-http.md).
 */
export type Limiter = {
  /** Takes `count` at once (default 1); returns 0 if they were available, else the seconds until they are. */
  take(name: string, perMinute: number, count?: number): number;
  /** Returns one that was taken before it was known whether it counts. */
  giveBack(name: string, perMinute: number): void;
};

/** The most names that are kept. A forgotten one starts with a full bucket. */
const MAX_NAMES = 10_000;

/** @param now milliseconds of a clock that may stand still between two awaits, as it does in a Worker */
export function createLimiter(now: () => number = Date.now): Limiter {
  const buckets = new Map<string, { left: number; at: number }>();
  const leftOf = (name: string, perMinute: number, at: number) => {
    const before = buckets.get(name) ?? { left: perMinute, at };
    return Math.min(perMinute, before.left + (Math.max(0, at - before.at) * perMinute) / 60_000);
  };
  const keep = (name: string, left: number, at: number) => {
    buckets.delete(name);
    buckets.set(name, { left, at });
    const oldest = buckets.keys().next();
    if (buckets.size > MAX_NAMES && oldest.done !== true) buckets.delete(oldest.value);
  };
  return {
    take(name, perMinute, count = 1) {
      const at = now();
      const left = leftOf(name, perMinute, at);
      // A bucket that is smaller than a batch lets the batch through when it is full.
      const wanted = Math.min(count, perMinute);
      keep(name, left < wanted ? left : left - wanted, at);
      return left < wanted ? Math.ceil(((wanted - left) * 60) / perMinute) : 0;
    },
    giveBack(name, perMinute) {
      const at = now();
      keep(name, Math.min(perMinute, leftOf(name, perMinute, at) + 1), at);
    },
  };
}
