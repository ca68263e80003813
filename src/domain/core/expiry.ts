import { type SQL, sql } from "drizzle-orm";
import { type Db, iso, rows } from "../../db/client.ts";
import { SETTINGS } from "./limits.ts";
import { announceExpiring } from "./announce.ts";
import { specNumber } from "./spec.ts";

/**
 * When an assignment expires. `expires_at` is set by the move to `active` (its TTL) and to `failed` (how long the
 * pool holds the machine for inspection), and otherwise only by an extension. `warn_at` is set with it: the time at which
 * the expiry is announced; null after the announcement.
 */

/** Columns of an assignment that expires `seconds` after `since`; without seconds it does not expire. */
export function endsAfter(since: SQL, seconds: SQL): SQL {
  const { expiringShare, expiringLeastSeconds, expiringMostSeconds } = SETTINGS;
  const ahead = sql`least(${seconds} / 2.0, greatest(${expiringLeastSeconds}::int,
    least(${expiringMostSeconds}::int, ${seconds} * ${expiringShare}::float8)))`;
  return sql`expires_at = ${since} + make_interval(secs => ${seconds}),
    warn_at = ${since} + make_interval(secs => ${seconds} - ${ahead})`;
}

/** How long the pool of an assignment (a row of `assignments`) holds the machine of a failed one, in seconds. */
export const holdFailed = sql`(select ${specNumber("holdFailedSeconds")}
  from pools p where p.name = assignments.pool)`;

/**
 * Announces assignments that expire soon, once each: an event, and a webhook message. One statement; if
 * none is due, it only reads an index. Assignments that have already expired are not announced.
 * @returns how many.
 */
export async function tellExpiring(db: Db): Promise<number> {
  const told = await rows(
    db,
    sql`with due as (
        select id from assignments where warn_at <= now() order by warn_at limit 500 for no key update skip locked
      ),
      expiring as (
        update assignments set warn_at = null from due
        where assignments.id = due.id and state in ('active', 'failed') and expires_at > now()
        returning assignments.*
      ),
      told as (
        insert into events (kind, actor, reason, pool, machine, assignment, data)
        select 'ttl', 'system:expire', 'expiring', pool, machine, id,
          jsonb_build_object('after', jsonb_build_object('state', state, 'expiresAt', ${iso(sql`expires_at`)}))
        from expiring
      ),
      ${announceExpiring(sql`expiring`)}
      select id from expiring`,
  );
  return told.length;
}
