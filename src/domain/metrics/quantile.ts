/** A bucket of a histogram: its upper bound, null without one, and what lies in it alone. */
export type Bucket = readonly [le: number | null, count: number];

/**
 * The quantile `q` (0 to 1) of what a histogram has seen, as Prometheus estimates it: evenly spread within its bucket, and
 * the last bound for what lies beyond all. Null if it has seen nothing. Pure.
 */
export function quantileOf(buckets: readonly Bucket[], q: number): number | null {
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  const rank = q * total;
  let below = 0;
  let floor = 0;
  for (const [le, count] of buckets) {
    if (le === null) return floor;
    if (count > 0 && below + count >= rank) return floor + (le - floor) * ((rank - below) / count);
    below += count;
    floor = le;
  }
  return floor;
}

/** What came to a histogram from one reading of it to a later one, of all bounds that either has, in their order. */
export function added(before: readonly Bucket[], after: readonly Bucket[]): Bucket[] {
  const had = new Map(before);
  return after.map(([le, count]): Bucket => [le, Math.max(0, count - (had.get(le) ?? 0))]).toSorted(byBound);
}

function byBound([one]: Bucket, [other]: Bucket): number {
  return (one ?? Infinity) - (other ?? Infinity);
}
