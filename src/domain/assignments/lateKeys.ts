import { sql } from "drizzle-orm";
import type { Assignment } from "../../contract/assignment.ts";
import { type Db, rows } from "../../db/client.ts";
import { SETTINGS } from "../core/limits.ts";
import { json, tell } from "../core/event.ts";
import { isLiveOperation } from "../core/live.ts";

/**
 * Reports keys of active testers that were replaced but are not on their machines in time: the old ones
 * may still work. It is reported once, whatever the cause (the machine, its node, root on the machine), and ends when
 * a change of keys succeeds.
 * @returns how many.
 */
export async function tellLateKeys(db: Db): Promise<number> {
  return db.transaction(async (tx) => {
    const error: NonNullable<Assignment["error"]> = {
      code: "keys_not_replaced",
      message: `The latest keys are not on the machine after ${SETTINGS.keyChangeSeconds} s: the previous ones may still work. If the old access must end now, an operator can stop the machine from outside (machine cut).`,
    };
    const late = await rows<{ id: string; pool: string; machine: string }>(
      tx,
      sql`update assignments set error = ${json(error)} where id in (
          select a.id from assignments a join operations o on o.assignment = a.id
          join machines m on m.id = a.machine and m.cut is null
          where a.state = 'active' and a.error is null and o.kind = 'setup'
            and ${isLiveOperation(sql`o`)}
            and o.created_at < now() - make_interval(secs => ${SETTINGS.keyChangeSeconds})
          order by a.id for no key update of a skip locked)
        returning id, pool, machine`,
    );
    for (const { id: assignment, pool, machine } of late) {
      const about = { pool, machine, assignment, data: error };
      await tell(tx, { kind: "keys", actor: "system:silence", reason: "keys_late", ...about });
    }
    return late.length;
  });
}
