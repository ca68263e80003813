import { sql } from "drizzle-orm";
import { type Db, rows } from "../db/client.ts";
import { bySweep, change } from "../domain/core/change.ts";
import { tellExpiring } from "../domain/core/expiry.ts";
import { endAssignments } from "../domain/assignments/release.ts";

const REASON = { active: "expired", failed: "failed_hold_over" } as const;

/**
 * Releases the assignments whose time is over, each in a transaction of its own: active ones, and failed ones whose
 * machine was held for a look. Tells of those whose time is nearly over.
 */
export async function expire(db: Db): Promise<number> {
  const over = sql`state in ('active', 'failed') and expires_at <= now()`;
  const due = await rows<{ id: string; state: keyof typeof REASON }>(
    db,
    sql`select id, state from assignments where ${over} order by expires_at limit 500`,
  );
  let ended = 0;
  for (const { id, state } of due) {
    const released = await change(db, "system:expire", bySweep, (tx) =>
      endAssignments(tx, sql`select id from assignments where id = ${id} and ${over}`, {
        actor: "system:expire",
        reason: REASON[state],
        from: [state],
      }),
    );
    ended += released.length;
  }
  return ended + (await tellExpiring(db));
}
