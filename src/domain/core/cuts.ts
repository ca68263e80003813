import { sql } from "drizzle-orm";
import { type Db, listOf, rows } from "../../db/client.ts";
import type { Actor } from "./reasons.ts";
import { tell } from "./event.ts";
import { isLiveOperation } from "./live.ts";

/** That the cut of a machine holds: it follows from the row, and whatever starts the machine again, it is stopped again. */

/** Every machine that is cut and not stopped yet has an operation that stops it, unless other work has yet to end. */
export async function queueCuts(tx: Db): Promise<void> {
  await tx.execute(sql`
    insert into operations (kind, node, machine)
    select 'cut', m.node, m.id from machines m
    where m.cut is not null and m.cut ->> 'doneAt' is null and m.state in ('assigned', 'held')
    order by m.id
    on conflict (machine) where ${isLiveOperation()} do nothing`);
}

/** These are cut and run all the same: their node was started again, or a person started them there. */
export async function cutAgain(tx: Db, machines: readonly string[], actor: Actor): Promise<void> {
  if (machines.length === 0) return;
  const up = await rows<{ id: string; pool: string | null; node: string }>(
    tx,
    sql`update machines set cut = cut || '{"doneAt": null}'
      where id in (${listOf(machines)}) and cut ->> 'doneAt' is not null returning id, pool, node`,
  );
  for (const { id, pool, node } of up)
    await tell(tx, { kind: "machine", actor, reason: "cut_again", pool, node, machine: id });
  await queueCuts(tx);
}
