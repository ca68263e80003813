import { sql } from "drizzle-orm";
import { type Db, rows } from "../../../src/db/client.ts";
import { isOnline, isSilent } from "../../../src/domain/core/nodeSilence.ts";
import type { Picture } from "./picture.ts";

/** What must hold after every step, of docs/requirements.md as far as rows show it; `before` is from before the step. */
export async function complaints(db: Db, before: Picture): Promise<string[]> {
  const live = sql`state in ('queued', 'leased', 'cancelling')`;
  const worked = sql`exists (select 1 from operations o where o.machine = m.id and o.state in ('queued', 'leased', 'cancelling'))`;
  const found = await rows<{ complaint: string }>(
    db,
    sql`
    select 'two live assignments of machine ' || machine as complaint from assignments
      where state <> 'released' and machine is not null group by machine having count(*) > 1
    union all select 'two live assignments of ' || username from assignments
      where state <> 'released' group by pool, username having count(*) > 1
    union all select 'two live operations on machine ' || machine from operations
      where ${live} and machine is not null group by machine having count(*) > 1
    union all select a.username || ' has machine ' || m.name || ', which is ' || m.state from assignments a
      join machines m on m.id = a.machine where a.state <> 'released' and m.state not in ('assigned', 'held')
    union all select 'assigned to nobody: ' || m.name from machines m where m.state = 'assigned'
      and not exists (select 1 from assignments a where a.machine = m.id and a.state <> 'released')
    union all select 'back in the pool after a tester: ' || m.name from machines m
      where m.state in ('ready', 'suspect') and exists (select 1 from assignments a where a.machine = m.id)
    union all select 'ready and worked on: ' || m.name from machines m where m.state = 'ready' and ${worked}
    union all select 'gone without proof: ' || m.name from machines m where m.state = 'deleted'
      and (m.receipt is null or m.receipt ->> 'kind' = 'listed' and not exists (select 1 from operations o
        where o.machine = m.id and o.kind = 'delete' and o.state = 'succeeded'))
    union all select 'nobody works on ' || m.name || ', which is ' || m.state from machines m
      where m.state in ('provisioning', 'deleting') and not ${worked}
    union all select 'nobody sets up for ' || a.username from assignments a join machines m on m.id = a.machine
      where a.state = 'setting_up' and not ${worked}
    union all select 'other keys than asked for on the machine of ' || a.username from assignments a
      join machines m on m.id = a.machine where a.state = 'active' and a.error is null and not ${worked}
      and a.handover -> 'keys' -> a.username is distinct from a.ssh_keys
    union all select 'a slot of ' || t.username || ' that is not its live assignment' from testers t
      where t.assignment is distinct from (select a.id from assignments a
        where a.pool = t.pool and a.username = t.username and a.state <> 'released')
    union all select m.name || ' was torn down (' || e.reason || ') while its pool was paused' from events e
      join machines m on m.id = e.machine join pools p on p.name = m.pool
      where e.id > ${before.lastEvent} and e.after = 'deleting' and p.paused and ${before.paused}
        and e.reason in ('strikes', 'vanished', 'stale', 'surplus', 'drained', 'canary')
    union all select m.name || ' was torn down (' || e.reason || ') in spite of the brake' from events e
      join machines m on m.id = e.machine join brakes b on b.node = m.node and b.released_at is null
      where e.id > ${before.lastEvent} and e.after = 'deleting' and ${sql.param(JSON.stringify(before.braked))}::jsonb ? m.node
        and e.reason in ('strikes', 'vanished', 'stale', 'surplus', 'drained')
    union all select 'population ' || count(*) || ' of ' || ${before.population}::int || ' exceeds maxSize ' || p.max_size
      from machines m join nodes n on n.name = m.node, pools p where m.state <> 'deleted' group by p.max_size
      -- Testers who wait come before what nobody can reach: that much more may be made.
      having count(*) > greatest(p.max_size, ${before.population}::int)
        and count(*) filter (where not ${isSilent()} or m.state in ('assigned', 'held')) > p.max_size
    union all select 'more is made than was lacking' from pools p, lateral (
        select count(*) filter (where m.state = 'provisioning' and not ${isSilent()}) as making,
          -- What became claimable only now, with its node, was lacking before.
          count(*) filter (where m.state = 'ready' and ${isOnline()} and not exists (select 1 from events r
            where r.id > ${before.lastEvent} and r.kind = 'node' and r.node = n.name and r.after = 'online')) as ready
        from machines m join nodes n on n.name = m.node) c
      where c.making > 0 and exists (select 1 from events e where e.id > ${before.lastEvent} and e.reason = 'refill')
        and c.making + c.ready > p.target_size + 1 + (select count(*) from assignments where state = 'waiting')`,
  );
  return found.map(({ complaint }) => complaint);
}
