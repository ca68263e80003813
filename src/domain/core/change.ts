import type { Db } from "../../db/client.ts";
import { queueDeletes } from "./operations.ts";
import type { Actor } from "./reasons.ts";
import { type Change, isTouched, nothingTouched, type Touched } from "./touched.ts";

/**
 * Activates what follows a change, once it is committed. src/domain/follow does so at once, or after the answer. It never
 * rejects: the change has happened, and the sweep repairs what a follower has failed to do.
 */
export type Follow = (db: Db, touched: Touched, actor: Actor) => Promise<void>;

/** For duties of the sweep: those that come after them, or the next sweep, look at every pool and node. */
export const bySweep: Follow = () => Promise.resolve();

/** For followers themselves, which nothing follows: they are activated in an order in which none needs another again. */
export const byNobody: Follow = () => Promise.resolve();

/**
 * Runs `work` in a transaction that notes what it touches. Deletes are queued before the commit, for a machine in
 * `deleting` has one; `follow` activates the rest after it.
 */
export async function change<T>(
  db: Db,
  actor: Actor,
  follow: Follow,
  work: (tx: Change) => Promise<T>,
): Promise<T> {
  const touched = nothingTouched();
  const result = await db.transaction(async (tx) => {
    const done = await work(Object.assign(tx, { touched }));
    if (touched.deletes) await queueDeletes(tx);
    return done;
  });
  if (isTouched(touched)) await follow(db, touched, actor);
  return result;
}
