import * as z from "zod";
import { moment, poolName } from "./names.ts";
import { SETTING_BOUNDS } from "./settings.ts";

/** The last so many hours of a pool's samples, as far as they are kept (the setting `historyRetentionDays`). */
export const poolHistoryInput = z.strictObject({
  pool: poolName,
  hours: z
    .int()
    .min(1)
    .max(SETTING_BOUNDS.historyRetentionDays.max * 24)
    .default(24),
});

const counts = z.array(z.int());
const quantiles = z.strictObject({
  p50: z.array(z.number().nullable()),
  p95: z.array(z.number().nullable()),
});

/**
 * Columns of equal length, oldest first: what was so at each moment of `at`, and what happened since the one before.
 * Seconds are estimated from the buckets of `GET /metrics`, and null if nothing was measured in that time.
 */
export const poolHistory = z
  .strictObject({
    pool: z.string(),
    at: z.array(moment),
    /** Machines by state, at that moment. */
    machines: z.strictObject({
      provisioning: counts,
      ready: counts,
      suspect: counts,
      assigned: counts,
      held: counts,
      deleting: counts,
    }),
    /** Testers who waited for a machine, at that moment. */
    waiting: counts,
    /** Claims since the moment before, by outcome. */
    claims: z.strictObject({ warm: counts, waited: counts, missed: counts }),
    /** From asking until a machine was claimed, in seconds. */
    claimSeconds: quantiles,
    /** From the wish for a machine until it was known good, in seconds. */
    readySeconds: quantiles,
    /** From the claim until the set-up was done, in seconds. */
    setupSeconds: quantiles,
  })
  .meta({ id: "PoolHistory" });
export type PoolHistory = z.infer<typeof poolHistory>;
