import type { Db } from "../../db/client.ts";
import { match, matchEvery } from "../assignments/match.ts";
import type { Follow } from "../core/change.ts";
import { logFailure } from "../core/log.ts";
import type { Actor } from "../core/reasons.ts";
import type { Touched } from "../core/touched.ts";
import { queueProbes } from "../health/schedule.ts";
import { replenish } from "../supply/applyPlan.ts";
import { refillEvery } from "../supply/refill.ts";

/** The message of a follower that failed, for whatever reads the edge's output. */
export const FOLLOWER_FAILED = "what follows a change failed";

/**
 * Activates what follows a committed change, each follower once for each node and pool. Testers who wait get machines
 * before the pool is refilled, for what they take is then lacking.
 */
export const follow: Follow = async (db, touched, actor) => {
  for (const { name, of, run } of followersOf(touched, actor)) {
    await run(db).catch((error: unknown) => logFailure(FOLLOWER_FAILED, error, { follower: name, of }));
  }
};

/** The same after the answer was sent, so that nobody waits for it. @param after lets work go on after the answer. */
export function afterwards(after: (work: () => Promise<void>) => void): Follow {
  return (db, touched, actor) => {
    after(() => follow(db, touched, actor));
    return Promise.resolve();
  };
}

type Step = { name: string; of: string; run: (db: Db) => Promise<unknown> };

function followersOf({ nodes, matches, refills, everyPool }: Touched, actor: Actor): Step[] {
  const steps: Step[] = [];
  if (nodes.size > 0)
    steps.push({ name: "probe", of: [...nodes].join(), run: (db) => queueProbes(db, [...nodes]) });
  if (everyPool) {
    steps.push({ name: "match", of: "every pool", run: (db) => matchEvery(db, actor) });
    steps.push({ name: "refill", of: "every pool", run: (db) => refillEvery(db, actor) });
    return steps;
  }
  for (const pool of new Set([...matches, ...refills])) {
    if (matches.has(pool)) steps.push({ name: "match", of: pool, run: (db) => match(db, pool, actor) });
    if (refills.has(pool)) steps.push({ name: "refill", of: pool, run: (db) => replenish(db, pool, actor) });
  }
  return steps;
}
