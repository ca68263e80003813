import { sql } from "drizzle-orm";
import type { RemovedPool } from "../../contract/pool.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { lockWork } from "../core/locks.ts";
import type { Actor } from "../core/reasons.ts";
import { endAssignments } from "../assignments/release.ts";
import { tearDown } from "../core/teardown.ts";
import { bySweep, change } from "../core/change.ts";
import { tell } from "../core/event.ts";
import { follow } from "../follow/follow.ts";
import { isLiveAssignment, isLiveMachine, isNotRemoved } from "../core/live.ts";

/**
 * Removes a pool. From its commit on nothing is made or assigned there; its machines go down like all others, on
 * proof, and until the last is gone the pool is still shown. Its row stays as what their history belongs to, and a
 * pool of that name may be put again at any time. Calling it again goes on where it was.
 * @throws WarmpoolError NOT_FOUND, or CONFLICT where testers have machines and `release` is not asked for.
 */
export async function removePool(
  db: Db,
  input: { name: string; release: boolean },
  actor: Actor,
): Promise<RemovedPool> {
  return change(db, actor, follow, async (tx) => {
    const why = { actor, reason: "pool_removed" } as const;
    // The lock first: what is counted after it has seen those that came in while it was waited for.
    await tx.execute(sql`select 1 from pools where name = ${input.name} for no key update`);
    const [pool] = await rows<{ standing: boolean; live: number }>(
      tx,
      sql`select ${isNotRemoved(sql`p`)} as standing,
          (select count(*)::int from assignments a where a.pool = p.name and ${isLiveAssignment(sql`a`)}) as live
        from pools p where p.name = ${input.name}`,
    );
    if (pool === undefined) throw new WarmpoolError("NOT_FOUND", `there is no pool named ${input.name}`);
    if (pool.live > 0 && !input.release) {
      throw new WarmpoolError(
        "CONFLICT",
        `pool ${input.name} has ${pool.live} live ${pool.live === 1 ? "assignment" : "assignments"}; release them first, or remove the pool together with them (release)`,
      );
    }
    const live = sql`select id from assignments where pool = ${input.name} and ${isLiveAssignment()}`;
    const all = sql`select id from machines where pool = ${input.name}`;
    await lockWork(tx, all);
    const ended = input.release ? await endAssignments(tx, live, why) : [];
    await tearDown(tx, all, why);
    if (pool.standing)
      await tell(tx, { kind: "pool", ...why, pool: input.name, before: "standing", after: "removed" });
    const [now] = await rows<{ removedAt: string; machines: number }>(
      tx,
      sql`with removed as (
          update pools set removed_at = coalesce(removed_at, now()) where name = ${input.name} returning removed_at
        )
        select ${iso(sql`removed.removed_at`)} as "removedAt",
          (select count(*)::int from machines m where m.pool = ${input.name} and ${isLiveMachine(sql`m`)}) as machines
        from removed`,
    );
    if (now === undefined) throw new WarmpoolError("INTERNAL", "the removal was not stored");
    if (!pool.standing && now.machines === 0 && ended.length === 0)
      throw new WarmpoolError("NOT_FOUND", `there is no pool named ${input.name}`);
    return { name: input.name, ...now, released: ended.length };
  });
}

/**
 * Finishes removals: an assign that was under way at the removal's commit may have come in behind it. One that waits
 * is released; one that has a machine keeps it until it is released, as anybody's would.
 * @returns how many assignments and machines were ended.
 */
export async function finishRemovals(db: Db): Promise<number> {
  return change(db, "system:reap", bySweep, async (tx) => {
    const why = { actor: "system:reap", reason: "pool_removed" } as const;
    const removed = sql`(select name from pools where removed_at is not null)`;
    const ended = await endAssignments(
      tx,
      sql`select id from assignments where state = 'waiting' and pool in ${removed}`,
      { ...why, from: ["waiting"] },
    );
    const down = await tearDown(
      tx,
      sql`select id from machines where state not in ('deleting', 'deleted') and pool in ${removed}`,
      why,
    );
    return ended.length + down.length;
  });
}
