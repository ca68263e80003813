import { sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { SETTINGS } from "./settings.ts";

/**
 * Queues a second look at the node's suspects within seconds: it asks them alone, can bring them back, and counts no
 * strike. It comes later each time (when as much time has passed as the youngest suspect is old) and ends where the
 * sweep's own probes are about as frequent.
 */
export async function queueRecheck(tx: Db, node: string): Promise<void> {
  await tx.execute(sql`
    insert into operations (kind, node, scope, not_before)
    select 'probe', n.name, 'suspects',
      now() + greatest(make_interval(secs => ${SETTINGS.recheckSeconds}), s.age)
    from nodes n, (select min(now() - suspect_since) as age from machines
      where node = ${node} and state = 'suspect') s
    where n.name = ${node} and n.state = 'online' and s.age < make_interval(secs => ${SETTINGS.recheckUntilSeconds})
    on conflict (node) where kind = 'probe' and scope = 'suspects' and state in ('queued', 'leased', 'cancelling')
      do nothing`);
}
