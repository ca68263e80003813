import { sql } from "drizzle-orm";
import { type Db, rows } from "../db/client.ts";
import { tellLateKeys } from "../domain/assignments/lateKeys.ts";
import { SETTINGS } from "../domain/core/limits.ts";
import { callOffCreates, callOffRestarts, swapStranded } from "../domain/assignments/stranded.ts";
import { tell } from "../domain/core/event.ts";

/**
 * Marks nodes that were not heard as silent: their machines cannot be claimed, and nothing else happens to them. Testers
 * whose set-up there nobody has begun get another machine, and restarts and creates that nobody has begun are called off.
 * Keys that do not get to their machines are reported.
 */
export async function silence(db: Db): Promise<number> {
  const silent = await markSilent(db);
  const calledOff = (await swapStranded(db)) + (await callOffRestarts(db)) + (await callOffCreates(db));
  return silent + calledOff + (await tellLateKeys(db));
}

function markSilent(db: Db): Promise<number> {
  return db.transaction(async (tx) => {
    const silent = await rows<{ name: string; was: string }>(
      tx,
      sql`with unheard as (
          select name, state as was from nodes where state in ('online', 'returning')
            and last_seen_at < now() - make_interval(secs => ${SETTINGS.silenceSeconds})
          order by name for no key update
        )
        update nodes set state = 'silent' from unheard where nodes.name = unheard.name returning nodes.name, was`,
    );
    for (const { name, was } of silent) {
      const moved = { node: name, before: was, after: "silent" };
      await tell(tx, { kind: "node", actor: "system:silence", reason: "not_heard", ...moved });
    }
    return silent.length;
  });
}
