import { sql } from "drizzle-orm";
import { type Db, rows } from "../db/client.ts";
import { SETTINGS } from "../pool/settings.ts";

/** Forgets finished operations and events after `keepDays`, and join tokens that can no longer be used. */
export async function prune(db: Db): Promise<number> {
  const old = sql`now() - make_interval(days => ${SETTINGS.keepDays})`;
  const operations = await rows(
    db,
    sql`delete from operations where id in (
      select id from operations where finished_at < ${old} limit 5000) returning id`,
  );
  const events = await rows(
    db,
    sql`delete from events where id in (select id from events where at < ${old} limit 5000) returning id`,
  );
  const tokens = await rows(
    db,
    sql`delete from tokens where role = 'join' and expires_at < ${old} returning id`,
  );
  return operations.length + events.length + tokens.length;
}
