import { sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { uncountedEvent } from "../../db/tables/uncounted.ts";
import { KEPT } from "../core/retention.ts";

/** Forgets finished operations and events after `eventRetentionDays`. What the metrics have not counted yet stays until they have. */
export async function pruneCounted(db: Db): Promise<{ operations: number; events: number }> {
  const operations = await rows(
    db,
    sql`delete from operations where id in (
      select id from operations where finished_at < ${KEPT} and counted limit 5000) returning id`,
  );
  const events = await rows(
    db,
    sql`delete from events where id in (select id from events where at < ${KEPT} and not (${uncountedEvent}) limit 5000) returning id`,
  );
  return { operations: operations.length, events: events.length };
}
