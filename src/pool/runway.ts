import { SETTINGS } from "./settings.ts";

/**
 * How long the ready machines last at the rate of the last hour, and how long a refill to target takes by the creates
 * that were observed. Null where nobody has claimed in the last hour.
 */
export function runway(facts: {
  claims: number;
  claimable: number;
  usualCreateSeconds: number | null;
  spec: { targetSize: number };
}): { claimsPerHour: number; emptyInSeconds: number | null; refillSeconds: number | null } | null {
  if (facts.claims === 0) return null;
  const rounds = Math.ceil(facts.spec.targetSize / SETTINGS.nodeConcurrency);
  return {
    claimsPerHour: facts.claims,
    emptyInSeconds: Math.round((facts.claimable / facts.claims) * 3600),
    refillSeconds: facts.usualCreateSeconds === null ? null : Math.round(facts.usualCreateSeconds * rounds),
  };
}
