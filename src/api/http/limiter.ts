/**
 * A bound on how often one token calls the admin HTTP: a bucket of `perMinute` calls that fills evenly. Kept in the
 * memory of one edge instance, so that several allow as many times as much; counting together would cost a write for
 * each request and guard the database with the database (docs/decisions/0007-admin-http.md).
 */
export type Limiter = {
  /** Takes one call of the token's; 0 where there was one, else the seconds until there is. */
  take(token: string, perMinute: number): number;
};

/** Tokens remembered at most. Whoever is forgotten begins with a full bucket. */
const MAX_TOKENS = 10_000;

/** @param now milliseconds of a clock that may stand still between two awaits, as it does in a Worker */
export function createLimiter(now: () => number = Date.now): Limiter {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    take(token, perMinute) {
      const at = now();
      const before = buckets.get(token) ?? { left: perMinute, at };
      const left = Math.min(perMinute, before.left + (Math.max(0, at - before.at) * perMinute) / 60_000);
      buckets.delete(token);
      buckets.set(token, { left: left < 1 ? left : left - 1, at });
      const oldest = buckets.keys().next();
      if (buckets.size > MAX_TOKENS && oldest.done !== true) buckets.delete(oldest.value);
      return left < 1 ? Math.ceil(((1 - left) * 60) / perMinute) : 0;
    },
  };
}
