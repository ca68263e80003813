import { sql } from "drizzle-orm";
import { type Db, rows } from "../db/client.ts";
import { endAssignments } from "../pool/release.ts";

/** Releases active assignments whose time is over, each in a transaction of its own. */
export async function expire(db: Db): Promise<number> {
  const over = sql`state = 'active' and expires_at <= now()`;
  const due = await rows<{ id: string }>(
    db,
    sql`select id from assignments where ${over} order by expires_at limit 500`,
  );
  let ended = 0;
  for (const { id } of due) {
    const released = await db.transaction((tx) =>
      endAssignments(tx, sql`select id from assignments where id = ${id} and ${over}`, {
        actor: "system:expire",
        reason: "expired",
        from: ["active"],
      }),
    );
    ended += released.length;
  }
  return ended;
}
