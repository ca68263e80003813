import { sql } from "drizzle-orm";
import { type Db, rows } from "../db/client.ts";
import { uncountedEvent } from "../db/tables/uncounted.ts";
import { pruneKeys } from "../domain/access/idempotency.ts";
import { settingOf } from "../domain/core/settings.ts";

/**
 * Forgets finished operations, events, told messages, and tokens that open nothing any more, each after `eventRetentionDays`.
 * Sessions, sign-in codes and
 * links to pages that have ended go at once. What the metrics have not counted yet stays until they have. Idempotency-Keys go after the time they are promised for.
 */
export async function prune(db: Db): Promise<number> {
  const old = sql`now() - make_interval(days => ${settingOf("eventRetentionDays")})`;
  const operations = await rows(
    db,
    sql`delete from operations where id in (
      select id from operations where finished_at < ${old} and counted limit 5000) returning id`,
  );
  const events = await rows(
    db,
    sql`delete from events where id in (select id from events where at < ${old} and not (${uncountedEvent}) limit 5000) returning id`,
  );
  const tokens = await rows(
    db,
    sql`delete from tokens where least(expires_at, revoked_at, used_at) < ${old} returning id`,
  );
  const signIns = await rows(db, sql`delete from sessions where expires_at < now() returning id`);
  const pages = await rows(
    db,
    sql`delete from tester_pages p using assignments a where a.id = p.assignment
      and (p.expires_at < now() or a.released_at < now() - interval '1 day') returning p.assignment`,
  );
  const messages = await rows(db, sql`delete from webhook_messages where ended_at < ${old} returning id`);
  const secrets = signIns.length + pages.length;
  return (
    secrets + messages.length + operations.length + events.length + tokens.length + (await pruneKeys(db))
  );
}
