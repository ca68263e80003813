import { type SQL, sql } from "drizzle-orm";
import { SETTINGS } from "./settings.ts";

/**
 * Common table expressions that end in `picked`: the id of the machine a tester of the pool gets next, locked. That is
 * the longest-ready one of the pool's present spec on a node that is not draining, or, where there is none of those, the
 * longest-ready of the others; each on a node that is online and was heard. Two steps instead of one order, so that each reads the partial index
 * `machines_claim` from its start and stops at the first row, however many machines are ready.
 * @param gate what else has to hold; it is looked at before any machine is locked.
 * @param held whether to pass over machines that somebody else has locked, or to wait for them.
 */
export function pickReady(pool: string, gate: SQL, held: "skip" | "wait"): SQL {
  const present = sql`(select machine_spec from pools where name = ${pool})`;
  const lock = held === "skip" ? sql`for no key update of m skip locked` : sql`for no key update of m`;
  const ready = sql`select m.id from machines m join nodes n on n.name = m.node
    where m.pool = ${pool} and m.state = 'ready'
      and n.state = 'online' and n.last_seen_at > now() - make_interval(secs => ${SETTINGS.silenceSeconds})`;
  return sql`
    picked_present as (
      ${ready} and ${gate} and m.machine_spec = ${present} and n.scheduling = 'open' order by m.ready_at limit 1 ${lock}
    ),
    picked_stale as (
      ${ready} and ${gate} and not exists (select 1 from picked_present)
      order by m.ready_at limit 1 ${lock}
    ),
    picked as (select id from picked_present union all select id from picked_stale)`;
}
