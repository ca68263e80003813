import { sql } from "drizzle-orm";
import { type Db, listOf, rows } from "../../db/client.ts";
import { SETTINGS } from "../core/limits.ts";
import { isLiveOperation } from "../core/live.ts";

/** When nodes are asked how their machines are. */

/** Queues a probe of every node whose relay is heard and that has none under way; one that waits for later is due now. */
export async function queueProbes(db: Db, nodes?: readonly string[]): Promise<number> {
  const queued = await rows(
    db,
    sql`insert into operations (kind, node)
      select 'probe', n.name from nodes n
      where n.state in ('online', 'returning') ${nodes === undefined ? sql`` : sql`and n.name in (${listOf(nodes)})`}
        and not exists (select 1 from operations o
          where o.node = n.name and o.kind = 'probe' and o.scope is null and ${isLiveOperation(sql`o`)}
            and o.not_before <= now())
      order by n.name
      on conflict (node) where kind = 'probe' and scope is null and ${isLiveOperation()}
        do update set not_before = now() where operations.state = 'queued' and operations.not_before > now()
      returning id`,
  );
  return queued.length;
}

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
    on conflict (node) where kind = 'probe' and scope = 'suspects' and ${isLiveOperation()}
      do nothing`);
}

/**
 * A node that has come back and could not be proven by this probe (its driver could not list everything, or the probe
 * began before its return) is asked again within seconds: until then nothing of it can be claimed, and nothing is made
 * there. Later each time, until the sweeps are about as frequent.
 */
export async function askAgain(tx: Db, node: string): Promise<void> {
  await tx.execute(sql`
    insert into operations (kind, node, not_before)
    select 'probe', n.name, now() + greatest(make_interval(secs => ${SETTINGS.recheckSeconds}), now() - n.session_at)
    from nodes n where n.name = ${node} and n.state = 'returning'
      and n.session_at > now() - make_interval(secs => ${SETTINGS.recheckUntilSeconds})
    on conflict (node) where kind = 'probe' and scope is null and ${isLiveOperation()} do nothing`);
}
