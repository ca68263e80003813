import { sql } from "drizzle-orm";
import { type Db, rows } from "../db/client.ts";
import { SETTINGS } from "../pool/settings.ts";
import { tell } from "../pool/transition.ts";

/** Marks nodes that were not heard as silent: their machines cannot be claimed, and nothing else happens to them. */
export async function silence(db: Db): Promise<number> {
  return db.transaction(async (tx) => {
    const silent = await rows<{ name: string }>(
      tx,
      sql`update nodes set state = 'silent'
        where state in ('online', 'returning')
          and last_seen_at < now() - make_interval(secs => ${SETTINGS.silenceSeconds})
        returning name`,
    );
    for (const { name } of silent) {
      await tell(tx, { kind: "node", actor: "system:silence", reason: "not_heard", node: name });
    }
    return silent.length;
  });
}
