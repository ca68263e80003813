import { sql } from "drizzle-orm";
import { type Db, listOf, rows } from "../../db/client.ts";
import { isLiveMachine, isNotRemoved } from "../core/live.ts";
import { settingOf } from "../core/settings.ts";
import type { MetricName } from "./catalogue.ts";

/**
 * Samples of each pool's metrics for charts: one a minute for a day, then one in ten minutes for as long as the setting
 * `historyRetentionDays` says. They are taken
 * from what `GET /metrics` shows, so both have the same numbers.
 */
export const SAMPLED = {
  claimSeconds: "warmpool_claim_seconds",
  readySeconds: "warmpool_ready_seconds",
  setupSeconds: "warmpool_setup_seconds",
} as const satisfies Record<string, MetricName>;

/** Takes the sample of this minute, of all pools in one statement; one that was taken stays. @returns how many. */
export async function takeSamples(db: Db): Promise<number> {
  const taken = await rows(
    db,
    sql`insert into pool_samples (pool, at, machines, waiting, claims, durations)
      select p.name, date_trunc('minute', now()),
        coalesce((select jsonb_object_agg(s.state, s.count) from (
          select m.state, count(*) from machines m where m.pool = p.name and ${isLiveMachine(sql`m`)} group by m.state) s), '{}'),
        (select count(*) from assignments a where a.pool = p.name and a.state = 'waiting'),
        coalesce((select jsonb_object_agg(t.labels ->> 'outcome', t.count) from tallies t
          where t.metric = 'warmpool_claims_total' and t.labels ->> 'pool' = p.name), '{}'),
        coalesce((select jsonb_object_agg(d.metric, d.buckets) from (
          select t.metric, jsonb_agg(jsonb_build_array(nullif(t.le, 'Infinity'), t.count) order by t.le) as buckets
          from tallies t where t.metric in (${listOf(Object.values(SAMPLED))})
            and t.labels = jsonb_build_object('pool', p.name)
          group by t.metric) d), '{}')
      from pools p where ${isNotRemoved(sql`p`)}
      on conflict (pool, at) do nothing
      returning pool`,
  );
  return taken.length;
}

/** Keeps the first sample in each ten minutes of what is older than a day, and none that is older than `historyRetentionDays`. */
export async function thinSamples(db: Db): Promise<number> {
  const gone = await rows(
    db,
    sql`delete from pool_samples where (pool, at) in (
        select s.pool, s.at from pool_samples s
        where s.at < now() - make_interval(days => ${settingOf("historyRetentionDays")})
          or s.at > now() - interval '2 days' and s.at < now() - interval '1 day' and exists (
            select 1 from pool_samples e where e.pool = s.pool and e.at < s.at
              and e.at >= date_bin('10 minutes', s.at, timestamptz '2000-01-01 00:00Z'))
        limit 5000)
      returning pool`,
  );
  return gone.length;
}
