import { type SQL, sql } from "drizzle-orm";
import type { EventHint } from "../../contract/event.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { SETTINGS } from "../core/limits.ts";

/**
 * What has changed, for those who watch: the events, and what has no event (how far set-ups and creates are, that a
 * sweep ended) as marks that change with it. One statement reads both.
 */
export type EventRow = EventHint & {
  id: number;
  /** Whether an earlier one may still appear behind it (see src/domain/events/list.ts). */
  open: boolean;
};

/** A mark by what it is about, `KIND POOL ASSIGNMENT` with `-` for nothing. */
export type Marks = Record<string, string>;

export type Reading = { events: EventRow[]; marks: Marks; at: string };

/** The set-ups that are looked at one by one; more at once are seen with the next sweep. */
const MOST_SETUPS = 500;

/** The events after that id, `most` of them at most, and the marks of this moment. */
export async function readHints(db: Db, after: number, most: number): Promise<Reading> {
  const [reading] = await rows<Reading>(
    db,
    sql`select ${iso(sql`now()`)} as at,
      coalesce((select jsonb_agg(to_jsonb(e) order by e.id) from (${eventsAfter(after, most)}) e), '[]') as events,
      coalesce((select jsonb_object_agg(what, mark) from (${MARKS}) marks), '{}') as marks`,
  );
  return reading ?? { events: [], marks: {}, at: "" };
}

/** The last event before which none can appear any more, at this moment; 0 if there is none. */
export async function settledId(db: Db): Promise<number> {
  const [found] = await rows<{ id: number }>(
    db,
    sql`select coalesce((select max(id) from events
        where id < coalesce((select min(id) from events where ${isOpen(sql`at`)}), 9223372036854775807)), 0) as id`,
  );
  return found?.id ?? 0;
}

/** The lowest id that is still kept; null if there is no event. */
export async function oldestId(db: Db): Promise<number | null> {
  const [found] = await rows<{ id: number | null }>(db, sql`select min(id) as id from events`);
  return found?.id ?? null;
}

const isOpen = (at: SQL) => sql`${at} > now() - make_interval(secs => ${SETTINGS.eventSettleSeconds})`;

function eventsAfter(after: number, most: number): SQL {
  return sql`select id, ${iso(sql`at`)} as at, kind, reason, pool, node, machine, assignment, ${isOpen(sql`at`)} as open
    from events where id > ${after} order by id limit ${most}`;
}

const MARKS = sql`
  (select concat_ws(' ', 'progress', a.pool, a.id) as what, md5(concat(a.attempt, a.step)) as mark
    from assignments a where a.state = 'setting_up' order by a.seq desc limit ${MOST_SETUPS})
  union all
  select concat_ws(' ', 'progress', m.pool, '-'), md5(string_agg(concat(m.id, m.phase), ',' order by m.id))
    from machines m where m.state = 'provisioning' and m.pool is not null group by m.pool
  union all
  select 'sweep - -', max(last_end_at)::text from duties having max(last_end_at) is not null`;
