/**
 * A pool's supply compared with its demand: how long the ready machines last at the rate of the last hour, and whether machines
 * are made as fast as they are taken.
 */
export type Demand = {
  /** Assignments asked for in the last hour. */
  claims: number;
  claimable: number;
  /** Median of what the last creates took; null where none was observed. */
  usualCreateSeconds: number | null;
  /** Creates and deletes that the pool's open nodes work on at once. */
  slots: number;
  spec: { targetSize: number };
};

/** Null where nobody has claimed in the last hour. */
export function runway({ claims, claimable, usualCreateSeconds, slots, spec }: Demand): {
  claimsPerHour: number;
  emptyInSeconds: number | null;
  refillSeconds: number | null;
} | null {
  if (claims === 0) return null;
  return {
    claimsPerHour: claims,
    emptyInSeconds: Math.round((claimable / claims) * 3600),
    refillSeconds:
      usualCreateSeconds === null || slots === 0
        ? null
        : Math.round(usualCreateSeconds * Math.ceil(spec.targetSize / slots)),
  };
}

/**
 * Machines that can be created in an hour if only `maxSize` limits them; null if no create was observed yet.
 * Without an open node none.
 */
export function createsPerHour({ usualCreateSeconds, slots }: Demand): number | null {
  if (usualCreateSeconds === null || usualCreateSeconds <= 0) return null;
  return (slots * 3600) / usualCreateSeconds;
}
