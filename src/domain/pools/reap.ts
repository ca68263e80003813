import { sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { queueSetup } from "../assignments/keys.ts";
import { bySweep, change } from "../core/change.ts";
import { isLiveOperation } from "../core/live.ts";
import { queueDeletes } from "../core/operations.ts";
import { tearDown } from "../core/teardown.ts";
import { finishRemovals } from "./remove.ts";

/** What was picked up: of removed pools, creates that ended without a word, deletes and set-ups that were queued. */
export type PickedUp = { ofRemovedPools: number; creates: number; deletes: number; setups: number };

/**
 * Picks up what nobody works on any more: machines that are being deleted, creates that ended without a word, set-ups
 * that lost their operation. All of it follows from the rows as they stand.
 */
export async function reap(db: Db): Promise<PickedUp> {
  const ofRemovedPools = await finishRemovals(db);
  return { ofRemovedPools, ...(await pickUp(db)) };
}

function pickUp(db: Db): Promise<Omit<PickedUp, "ofRemovedPools">> {
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
    return { creates: stranded.length, deletes, setups: setups.length };
  });
}
