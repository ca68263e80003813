import type { Duty } from "../contract/sweep.ts";
import type { Db } from "../db/client.ts";
import { pruneAccess } from "../domain/access/prune.ts";
import { expire } from "../domain/assignments/expire.ts";
import { matchEvery } from "../domain/assignments/match.ts";
import { queueProbes } from "../domain/health/schedule.ts";
import { pruneCounted } from "../domain/metrics/prune.ts";
import { takeSamples, thinSamples } from "../domain/metrics/sample.ts";
import { rollUp } from "../domain/metrics/tally.ts";
import { silence } from "../domain/nodes/silence.ts";
import { reap } from "../domain/pools/reap.ts";
import { refillPools } from "../domain/pools/refill.ts";
import { shrink } from "../domain/supply/shrink.ts";
import { deliverAll, pruneMessages } from "../domain/webhook/duty.ts";
import type { WebhookSetting } from "../domain/webhook/receiver.ts";

/**
 * One duty of the sweep: takes no input but the webhook's settings, may run at any time and any number of times at once, and
 * reports what it acted on, each number by its name. It never retries inside: the next sweep does.
 */
type RunDuty = (db: Db, webhook: WebhookSetting) => Promise<Readonly<Record<string, number>>>;

/** Every duty has its function, which lives in the room that it is about: leaving one out does not compile. */
export const RUN = {
  expire,
  silence,
  /** Its answers are judged when they come, not at the next sweep. */
  probe: async (db) => ({ queued: await queueProbes(db) }),
  /** In case the process that should have done so died. */
  match: async (db) => ({ paired: await matchEvery(db, "system:match") }),
  replenish: refillPools,
  shrink,
  reap,
  tally: async (db) => ({ counted: await rollUp(db) }),
  sample: async (db) => ({ taken: await takeSamples(db), thinned: await thinSamples(db) }),
  prune: async (db) => ({
    ...(await pruneCounted(db)),
    ...(await pruneAccess(db)),
    messages: await pruneMessages(db),
  }),
  deliver: deliverAll,
} satisfies Record<Duty, RunDuty>;

/** What a duty reports. */
export type DutyReport<Name extends Duty = Duty> = Awaited<ReturnType<(typeof RUN)[Name]>>;

/** How many things a duty acted on. */
export function changesOf(report: DutyReport): number {
  return Object.values(report).reduce((sum, count) => sum + count, 0);
}
