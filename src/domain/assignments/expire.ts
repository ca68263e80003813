import { sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { bySweep, change } from "../core/change.ts";
import { tellExpiring } from "../core/expiry.ts";
import { endAssignments } from "./release.ts";

const REASON = { active: "expired", failed: "failed_hold_over" } as const;

/**
 * Releases the assignments whose time is over, each in a transaction of its own: active ones, and failed ones whose
 * machine was held for a look. Tells of those whose time is nearly over.
 */
export async function expire(db: Db): Promise<{ released: number; warned: number }> {
  const over = sql`state in ('active', 'failed') and expires_at <= now()`;
  const due = await rows<{ id: string; state: keyof typeof REASON }>(
    db,
    sql`select id, state from assignments where ${over} order by expires_at limit 500`,
  );
  let released = 0;
  for (const { id, state } of due) {
    const ended = await change(db, "system:expire", bySweep, (tx) =>
      endAssignments(tx, sql`select id from assignments where id = ${id} and ${over}`, {
        actor: "system:expire",
        reason: REASON[state],
        from: [state],
      }),
    );
    released += ended.length;
  }
  return { released, warned: await tellExpiring(db) };
}
