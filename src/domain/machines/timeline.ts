import { sql } from "drizzle-orm";
import type { Page } from "../../contract/assignment.ts";
import type { TimelineEntry } from "../../contract/machine.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { getMachine } from "./view.ts";
import { page, parseCursor } from "../core/page.ts";

/**
 * Everything on record about one machine, oldest first. An operation that ended in the transaction of an event has
 * that event's very time: so the tries it took are found without being stored twice.
 * @throws WarmpoolError NOT_FOUND.
 */
export async function machineTimeline(
  db: Db,
  input: { id: string; cursor?: string | undefined; limit: number },
): Promise<Page<TimelineEntry>> {
  const { id } = await getMachine(db, input.id);
  const after = input.cursor === undefined ? 0 : parseCursor(input.cursor);
  const found = await rows<TimelineEntry & { cursor: number }>(
    db,
    sql`select e.id, e.id as cursor, ${iso(sql`e.at`)} as at, e.kind, e.before as from, e.after as to, e.actor, e.reason,
        coalesce((e.data ->> 'attempt')::int, (select max(o.attempt) from operations o
          where o.machine = e.machine and o.finished_at = e.at)) as attempt,
        case when e.kind = 'machine' and e.after <> 'deleted' then extract(epoch from coalesce(e.next_at, now()) - e.at)::float8 end as seconds,
        a.username, e.data
      from (
        select *, lead(at) over (partition by kind, after is null order by id) as next_at from events where machine = ${id}
      ) e
      left join assignments a on a.id = e.assignment
      where e.id > ${after} order by e.id limit ${input.limit + 1}`,
  );
  return page(found, input.limit);
}
