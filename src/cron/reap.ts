import { sql } from "drizzle-orm";
import { type Db, rows } from "../db/client.ts";
import { queueSetup } from "../domain/assignments/keys.ts";
import { bySweep, change } from "../domain/core/change.ts";
import { queueDeletes } from "../domain/core/operations.ts";
import { finishRemovals } from "../domain/pools/remove.ts";
import { tearDown } from "../domain/core/teardown.ts";
import { isLiveOperation } from "../domain/core/live.ts";

/**
 * Picks up what nobody works on any more: machines that are being deleted, creates that ended without a word, set-ups
 * that lost their operation. All of it follows from the rows as they stand.
 */
export async function reap(db: Db): Promise<number> {
  return (await finishRemovals(db)) + (await pickUp(db));
}

function pickUp(db: Db): Promise<number> {
  return change(db, "system:reap", bySweep, async (tx) => {
    const idle = sql`not exists (select 1 from operations o
      where o.machine = m.id and ${isLiveOperation(sql`o`)})`;
    const stranded = await tearDown(
      tx,
      sql`select m.id from machines m where m.state = 'provisioning' and ${idle}`,
      {
        from: ["provisioning"],
        actor: "system:reap",
        reason: "lease_lost",
      },
    );
    const deletes = await queueDeletes(tx);
    const setups = await rows<{ id: string }>(
      tx,
      sql`select a.id from assignments a join machines m on m.id = a.machine where a.state = 'setting_up' and ${idle}`,
    );
    for (const { id } of setups) await queueSetup(tx, id);
    return stranded.length + deletes + setups.length;
  });
}
