import { type SQL, sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { uncountedEvent, uncountedOperation } from "../../db/tables/uncounted.ts";
import { BOUNDS, type MetricName } from "./catalogue.ts";

/**
 * Counters and histograms, from what happened: events and ended operations. The sweep adds what is not counted yet to
 * `tallies` and marks it in the same statement, so that each is counted once whoever sweeps and however often; a
 * reading adds up the tallies and what is not counted yet in one snapshot. So a number never goes backwards, prune may
 * forget what was counted, and nothing that happens has to write more than its event.
 */
export type Tally = {
  metric: MetricName;
  labels: Record<string, string>;
  le: number;
  count: number;
  sum: number;
};

/** How many events, and how many operations, one statement counts. A later sweep takes the rest. */
const AT_ONCE = 5000;

/** Adds what is not counted yet to the tallies. @returns how many events and operations were counted. */
export async function rollUp(db: Db): Promise<number> {
  const [counted] = await rows<{ count: number }>(
    db,
    sql`with new_events as (
        update events set counted = true where id in (
          select id from events where ${uncountedEvent} order by id limit ${AT_ONCE} for update skip locked)
        returning *
      ),
      new_operations as (
        update operations set counted = true where id in (
          select id from operations where ${uncountedOperation} order by id limit ${AT_ONCE} for update skip locked)
        returning *
      ),
      added as (
        insert into tallies (metric, labels, le, count, sum)
        ${observed(sql`new_events`, sql`new_operations`)}
        on conflict (metric, labels, le) do update
          set count = tallies.count + excluded.count, sum = tallies.sum + excluded.sum
      )
      select (select count(*) from new_events) + (select count(*) from new_operations) as count`,
  );
  return counted?.count ?? 0;
}

/** All that was ever counted, as of this moment. Infinity is the bound of a counter and of a histogram's last bucket. */
export async function readTallies(db: Db): Promise<Tally[]> {
  const found = await rows<Omit<Tally, "le"> & { le: number | null }>(
    db,
    sql`with new_events as (select * from events where ${uncountedEvent}),
      new_operations as (select * from operations where ${uncountedOperation})
      select metric, labels, nullif(le, 'Infinity') as le, sum(count)::bigint as count, sum(sum)::float8 as sum
      from (select metric, labels, le, count, sum from tallies
        union all ${observed(sql`new_events`, sql`new_operations`)}) counted
      group by metric, labels, le order by metric, labels, counted.le`,
  );
  return found.map((row) => ({ ...row, le: row.le ?? Infinity }));
}

/** What the given events and operations add to each tally: the one place that says what counts as what. */
function observed(events: SQL, operations: SQL): SQL {
  const claims = sql`select 'warmpool_claims_total' as metric, e.pool as pool,
      case when e.reason = 'swapped' then 'missed' when e.after = 'waiting' then 'waited' else 'warm' end as outcome
    from ${events} e
    where e.kind = 'assignment' and (e.reason = 'swapped' or e.reason = 'asked_for' and e.before is null)`;
  const sinceAsked = (metric: MetricName, state: string) =>
    sql`select ${metric} as metric, e.pool, extract(epoch from e.at - a.created_at) as seconds
      from ${events} e join assignments a on a.id = e.assignment where e.kind = 'assignment' and e.after = ${state}`;
  const ready = sql`select 'warmpool_ready_seconds', e.pool, extract(epoch from e.at - m.created_at)
    from ${events} e join machines m on m.id = e.machine where e.kind = 'machine' and e.before = 'provisioning'`;
  const setup = sql`select 'warmpool_setup_seconds', e.pool, extract(epoch from e.at - a.setup_at)
    from ${events} e join assignments a on a.id = e.assignment
    where e.kind = 'assignment' and e.after = 'active' and a.setup_at <= e.at`;
  const bounds = sql.join(
    BOUNDS.map((bound) => sql`${bound}::float8`),
    sql`, `,
  );
  return sql`
    select metric, labels, le, count(*) as count, sum(seconds) as sum from (
      select metric, jsonb_build_object('pool', pool, 'outcome', outcome) as labels,
        'Infinity'::float8 as le, 0::numeric as seconds from (${claims}) claims
      union all
      select 'warmpool_operations_total', jsonb_build_object('node', o.node, 'kind', o.kind, 'outcome', o.state),
        'Infinity', 0 from ${operations} o
      union all
      select metric, jsonb_build_object('pool', pool),
        coalesce((select min(bound) from unnest(array[${bounds}]) bound where bound >= seconds), 'Infinity'), seconds
      from (${sinceAsked("warmpool_claim_seconds", "setting_up")}
        union all ${sinceAsked("warmpool_assign_seconds", "active")}
        union all ${ready} union all ${setup}) durations
    ) each_one
    group by metric, labels, le`;
}
