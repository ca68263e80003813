import { sql } from "drizzle-orm";
import type { Assignment } from "../contract/assignment.ts";
import type { Db } from "../db/client.ts";
import { WarmpoolError } from "./errors.ts";
import { queueSetup } from "./keys.ts";
import { lockWork } from "./locks.ts";
import type { Actor } from "./reasons.ts";
import { getAssignment } from "./release.ts";
import { moveAssignments } from "./transition.ts";

/**
 * Sets a failed assignment up again, on the same machine and with the keys it has now: the steps that are done are
 * skipped there. Where other work is on the machine, the set-up follows it (`queueSetupIfDue`).
 * @throws WarmpoolError NOT_FOUND; CONFLICT where the assignment has not failed.
 */
export async function retryAssignment(db: Db, id: string, actor: Actor): Promise<Assignment> {
  const retried = await db.transaction(async (tx) => {
    await lockWork(tx, sql`select machine from assignments where id = ${id}`);
    const moved = await moveAssignments(tx, sql`select ${id}::uuid`, {
      to: "setting_up",
      from: ["failed"],
      actor,
      reason: "retried",
      set: sql`attempt = attempt + 1, setup_at = now(), error = null,
        step = step || '{"step": 1, "percent": 0, "title": "Prepare the account"}'`,
    });
    if (moved.length > 0) await queueSetup(tx, id);
    return moved.length > 0;
  });
  const assignment = await getAssignment(db, id);
  if (retried) return assignment;
  throw new WarmpoolError(
    "CONFLICT",
    `the assignment of ${assignment.username} is ${assignment.state}, not failed; only a failed one can be retried`,
  );
}
