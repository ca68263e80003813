import { sql } from "drizzle-orm";
import type { Assignment } from "../../contract/assignment.ts";
import type { Db } from "../../db/client.ts";
import { change } from "../core/change.ts";
import { lockLease } from "./lease.ts";
import { type Leased } from "../core/leased.ts";
import { endOperation } from "../core/operations.ts";
import type { Actor } from "../core/reasons.ts";
import { json } from "../core/event.ts";
import { moveAssignments } from "../core/moves.ts";
import { follow } from "../follow/follow.ts";

/**
 * A set-up whose secret the edge cannot open any more has failed before it began: an operator puts the key back, and
 * it is retried. The lease is seconds old, and yet somebody else may have it by now, or its tester may have left:
 * then nothing is changed.
 */
export async function failUnreadable(db: Db, lease: Leased, name: string): Promise<void> {
  const message = `The secret parameter ${name} cannot be read: the key that encrypted it is not in WARMPOOL_SECRET_KEY. Restore the key and retry, or release and assign again.`;
  const actor: Actor = `node:${lease.node}`;
  const error: NonNullable<Assignment["error"]> = { code: "secret_unreadable", message };
  await change(db, actor, follow, async (tx) => {
    if ((await lockLease(tx, lease.session, lease.id, lease.token)) === null) return;
    await endOperation(tx, lease.id, "failed", null, message);
    await moveAssignments(tx, sql`select ${lease.assignment}::uuid`, {
      to: "failed",
      from: ["setting_up"],
      actor,
      reason: "setup_failed",
      data: error,
      set: sql`error = ${json(error)}`,
    });
  });
}
