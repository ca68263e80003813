import { sql } from "drizzle-orm";
import type { PoolHistory } from "../../contract/history.ts";
import { own } from "../../contract/own.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { CLAIM_OUTCOMES, LIVE_MACHINE_STATES } from "./catalogue.ts";
import { added, type Bucket, quantileOf } from "./quantile.ts";
import { SAMPLED } from "./sample.ts";

/** A chart is as many pixels wide; of more samples every second, third … is left out. */
const MOST_POINTS = 720;

type Sample = {
  at: string;
  machines: Record<string, number>;
  waiting: number;
  claims: Record<string, number>;
  durations: Record<string, Bucket[]>;
};

/**
 * The samples of a pool's last hours, as columns. A sample is shown if there is one before it: what happened is the
 * difference of both.
 * @throws WarmpoolError NOT_FOUND.
 */
export async function readHistory(
  db: Db,
  { pool, hours }: { pool: string; hours: number },
): Promise<PoolHistory> {
  const known = await rows(db, sql`select 1 from pools where name = ${pool}`);
  if (known.length === 0) throw new WarmpoolError("NOT_FOUND", `there is no pool named ${pool}`);
  const samples = await rows<Sample>(
    db,
    sql`select ${iso(sql`at`)} as at, machines, waiting, claims, durations from (
        select *, row_number() over (order by at desc) - 1 as age, count(*) over () as count
        from pool_samples where pool = ${pool} and at >= now() - make_interval(hours => ${hours})) s
      where age % ceil(count / ${MOST_POINTS + 1}::float8)::bigint = 0 order by s.at`,
  );
  return columnsOf(pool, samples);
}

/** Pure. */
export function columnsOf(pool: string, samples: readonly Sample[]): PoolHistory {
  const shown = samples.slice(1);
  const steps = shown.map((after, index) => ({ before: samples[index] ?? after, after }));
  const claims = (outcome: (typeof CLAIM_OUTCOMES)[number]) =>
    steps.map(({ before, after }) =>
      Math.max(0, (after.claims[outcome] ?? 0) - (before.claims[outcome] ?? 0)),
    );
  const seconds = (metric: string) => {
    const between = steps.map(({ before, after }) =>
      added(own(before.durations, metric) ?? [], own(after.durations, metric) ?? []),
    );
    return {
      p50: between.map((buckets) => quantileOf(buckets, 0.5)),
      p95: between.map((buckets) => quantileOf(buckets, 0.95)),
    };
  };
  const machines = (state: (typeof LIVE_MACHINE_STATES)[number]) =>
    shown.map((sample) => sample.machines[state] ?? 0);
  return {
    pool,
    at: shown.map(({ at }) => at),
    machines: {
      provisioning: machines("provisioning"),
      ready: machines("ready"),
      suspect: machines("suspect"),
      assigned: machines("assigned"),
      held: machines("held"),
      deleting: machines("deleting"),
    },
    waiting: shown.map(({ waiting }) => waiting),
    claims: { warm: claims("warm"), waited: claims("waited"), missed: claims("missed") },
    claimSeconds: seconds(SAMPLED.claimSeconds),
    readySeconds: seconds(SAMPLED.readySeconds),
    setupSeconds: seconds(SAMPLED.setupSeconds),
  };
}
