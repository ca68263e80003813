import { type SQL, sql } from "drizzle-orm";
import type { Assignment, AssignmentState } from "../../contract/assignment.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { endsAfter } from "../core/expiry.ts";
import { WarmpoolError } from "../core/errors.ts";
import { lockAssignments } from "../core/locks.ts";
import type { Actor } from "../core/reasons.ts";
import { getAssignment } from "./release.ts";
import { settingOf } from "../core/settings.ts";
import { tell } from "../core/event.ts";

type Standing = {
  state: AssignmentState;
  pool: string;
  /** The whole time that it has, in seconds; null for ever. */
  ttl: number | null;
  over: boolean;
  /** The longest that anybody may make it. */
  ceiling: number;
};

/**
 * Gives a live assignment a longer time. It counts from `activeAt`, as the one it was asked for with does, and never
 * becomes shorter: whoever wants that releases. One without an end gets one. Of a failed one it is the time for which its
 * machine is held for a look, counted from when it failed; what it has once a retry made it active stays as it was.
 * @param ttlSeconds the whole time, at most the setting `extendCeilingSeconds`.
 * @throws WarmpoolError NOT_FOUND; BAD_REQUEST above the ceiling; CONFLICT where it is released, or would end sooner
 * than it does now, or at once.
 */
export async function extendAssignment(
  db: Db,
  id: string,
  ttlSeconds: number,
  actor: Actor,
): Promise<Assignment> {
  await db.transaction(async (tx) => {
    // Its expiry asks again once it has this lock, so an extended assignment is not ended for its old time.
    await lockAssignments(tx, sql`select ${id}::uuid`);
    const [standing] = await rows<Standing>(
      tx,
      sql`select state, pool,
          case when state = 'failed' then extract(epoch from expires_at - failed_at)::int else ttl_seconds end as ttl,
          coalesce(coalesce(failed_at, active_at) + make_interval(secs => ${ttlSeconds}) <= now(), false) as over,
          ${settingOf("extendCeilingSeconds")} as ceiling
        from assignments where id = ${id}`,
    );
    if (standing === undefined)
      throw new WarmpoolError("NOT_FOUND", `there is no assignment with the id ${id}`);
    refuse(standing, ttlSeconds);
    if (standing.ttl === ttlSeconds) return;
    const [extended] = await rows<{ expiresAt: string | null }>(
      tx,
      sql`update assignments set ${lasting(standing.state, ttlSeconds)}
        where id = ${id} returning ${iso(sql`expires_at`)} as "expiresAt"`,
    );
    await tell(tx, {
      kind: "ttl",
      actor,
      reason: "extended",
      pool: standing.pool,
      assignment: id,
      before: { ttlSeconds: standing.ttl },
      after: { ttlSeconds, expiresAt: extended?.expiresAt ?? null },
    });
  });
  return getAssignment(db, id);
}

/** @throws WarmpoolError BAD_REQUEST above the ceiling, CONFLICT where it may not get that time. */
function refuse({ state, ttl, over, ceiling }: Standing, ttlSeconds: number): void {
  if (ttlSeconds > ceiling) {
    throw new WarmpoolError(
      "BAD_REQUEST",
      `ttlSeconds: must be at most ${ceiling}, counted from activeAt, or from the failure`,
    );
  }
  if (state === "released") throw new WarmpoolError("CONFLICT", "the assignment is released; assign again");
  const since = state === "failed" ? "from its failure" : "from the end of its set-up";
  if (ttl !== null && ttlSeconds < ttl) {
    throw new WarmpoolError(
      "CONFLICT",
      `the assignment already lasts ${ttl} s ${since}; to end it sooner, release it`,
    );
  }
  if (over) {
    throw new WarmpoolError(
      "CONFLICT",
      `${ttlSeconds} s ${since} have already passed; use a longer time, or release it`,
    );
  }
}

function lasting(state: AssignmentState, ttlSeconds: number): SQL {
  const seconds = sql`${ttlSeconds}::int`;
  if (state === "failed") return endsAfter(sql`failed_at`, seconds);
  return sql`ttl_seconds = ${seconds}, ${endsAfter(sql`active_at`, seconds)}`;
}
