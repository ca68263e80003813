import { sql } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import type { RefusalReason } from "./catalogue.ts";

/** Adds requests that an edge refused to the tallies: they leave no event that could be counted later. */
export async function addRefusals(db: Db, counts: ReadonlyMap<RefusalReason, number>): Promise<void> {
  const tallies = [...counts].map(
    ([reason, count]) =>
      sql`('warmpool_refused_requests_total', jsonb_build_object('reason', ${reason}::text), 'Infinity'::float8,
        ${count}::bigint, 0)`,
  );
  await db.execute(sql`insert into tallies (metric, labels, le, count, sum) values ${sql.join(tallies, sql`, `)}
    on conflict (metric, labels, le) do update set count = tallies.count + excluded.count`);
}
