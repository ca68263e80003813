import { sql } from "drizzle-orm";
import type { Assignment } from "../contract/assignment.ts";
import { type Db, iso, rows } from "../db/client.ts";
import { WarmpoolError } from "./errors.ts";
import { lockAssignments } from "./locks.ts";
import type { Actor } from "./reasons.ts";
import { getAssignment } from "./release.ts";
import { SETTINGS } from "./settings.ts";
import { tell } from "./transition.ts";

/**
 * Gives a live assignment a longer time. It counts from `activeAt`, as the one it was asked for with does, and never
 * becomes shorter: whoever wants that releases. One without an end gets one.
 * @param ttlSeconds the whole time from `activeAt` on, at most `SETTINGS.extendCeilingSeconds`.
 * @throws WarmpoolError NOT_FOUND; BAD_REQUEST above the ceiling; CONFLICT where it is released, or would end sooner
 * than it does now, or at once.
 */
export async function extendAssignment(
  db: Db,
  id: string,
  ttlSeconds: number,
  actor: Actor,
): Promise<Assignment> {
  if (ttlSeconds > SETTINGS.extendCeilingSeconds) {
    throw new WarmpoolError(
      "BAD_REQUEST",
      `ttlSeconds: is at most ${SETTINGS.extendCeilingSeconds}, counted from activeAt`,
    );
  }
  await db.transaction(async (tx) => {
    // Its expiry asks again once it has this lock, so an extended assignment is not ended for its old time.
    await lockAssignments(tx, sql`select ${id}::uuid`);
    const [standing] = await rows<{ state: string; pool: string; ttl: number | null; over: boolean }>(
      tx,
      sql`select state, pool, ttl_seconds as ttl,
          coalesce(active_at + make_interval(secs => ${ttlSeconds}) <= now(), false) as over
        from assignments where id = ${id}`,
    );
    if (standing === undefined)
      throw new WarmpoolError("NOT_FOUND", `there is no assignment with the id ${id}`);
    const { state, pool, ttl, over } = standing;
    if (state === "released") throw new WarmpoolError("CONFLICT", "the assignment is released; assign again");
    if (ttl !== null && ttlSeconds < ttl) {
      throw new WarmpoolError(
        "CONFLICT",
        `the assignment has ${ttl} s from activeAt on, which is longer; to end it sooner, release it`,
      );
    }
    if (over) {
      throw new WarmpoolError(
        "CONFLICT",
        `${ttlSeconds} s from activeAt on are over already; ask for more, or release it`,
      );
    }
    if (ttl === ttlSeconds) return;
    const [extended] = await rows<{ expiresAt: string | null }>(
      tx,
      sql`update assignments set ttl_seconds = ${ttlSeconds},
          expires_at = active_at + make_interval(secs => ${ttlSeconds})
        where id = ${id} returning ${iso(sql`expires_at`)} as "expiresAt"`,
    );
    await tell(tx, {
      kind: "ttl",
      actor,
      reason: "extended",
      pool,
      assignment: id,
      before: { ttlSeconds: ttl },
      after: { ttlSeconds, expiresAt: extended?.expiresAt ?? null },
    });
  });
  return getAssignment(db, id);
}
