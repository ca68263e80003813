import { sql } from "drizzle-orm";
import type { z } from "zod";
import type { Page } from "../../contract/assignment.ts";
import type { EventView, eventListInput } from "../../contract/event.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { page, parseCursor } from "../core/page.ts";
import { SETTINGS } from "../core/limits.ts";

/**
 * The record, for people. An event's id is drawn before its transaction commits, so a later one may be seen first:
 * who follows by `after` is therefore told of nothing from the first unsettled event on, or would miss what commits
 * behind it.
 */
export async function listEvents(db: Db, filter: z.output<typeof eventListInput>): Promise<Page<EventView>> {
  const wanted = [
    filter.pool === undefined ? [] : [sql`e.pool = ${filter.pool}`],
    filter.machine === undefined ? [] : [sql`e.machine = ${filter.machine}`],
    filter.node === undefined ? [] : [sql`e.node = ${filter.node}`],
    filter.assignment === undefined ? [] : [sql`e.assignment = ${filter.assignment}`],
    filter.kind === undefined ? [] : [sql`e.kind = ${filter.kind}`],
    filter.actor === undefined ? [] : [sql`${filter.actor} in (e.actor, split_part(e.actor, ':', 1))`],
    filter.cursor === undefined ? [] : [sql`e.id < ${parseCursor(filter.cursor)}`],
    filter.after === undefined ? [] : [sql`e.id > ${filter.after} and e.id < ${settled}`],
  ].flat();
  const found = await rows<EventView & { cursor: number }>(
    db,
    sql`select e.id, e.id as cursor, ${iso(sql`e.at`)} as at, e.kind, e.actor, e.reason, e.pool, e.node, e.machine,
        m.name as "machineName", e.assignment, a.username, e.operation, coalesce(to_jsonb(e.before), e.data -> 'before') as before,
        coalesce(to_jsonb(e.after), e.data -> 'after') as after,
        nullif(e.data - 'before' - 'after', '{}') as data
      from events e
      left join machines m on m.id = e.machine
      left join assignments a on a.id = e.assignment
      where ${wanted.length === 0 ? sql`true` : sql.join(wanted, sql` and `)}
      order by e.id ${filter.after === undefined ? sql`desc` : sql`asc`} limit ${filter.limit + 1}`,
  );
  return page(found, filter.limit);
}

/** The first id that may still be overtaken; all before it are there for good. */
const settled = sql`coalesce((select min(u.id) from events u
  where u.at > now() - make_interval(secs => ${SETTINGS.eventSettleSeconds})), 9223372036854775807)`;
