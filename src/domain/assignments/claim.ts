import { type SQL, sql } from "drizzle-orm";
import { heardLately, isOnline } from "../core/nodeSilence.ts";

/**
 * Common table expressions that end in `picked`: the id of the machine a tester of the pool gets next, locked; always one
 * on a node that is online. First of nodes whose relay was heard lately, for a set-up begins when a relay takes it up: there
 * the longest-ready of the pool's present spec on a node that is not draining, or else the longest-ready of the others.
 * Only where they have none the same of nodes that have become quiet. Steps instead of one order, so that each of the first
 * two reads the partial index `machines_claim` from its start and stops at the first row, however many machines are ready.
 * @param gate what else has to hold; it is looked at before any machine is locked, and may speak of its node `n`.
 * @param held whether to pass over machines that somebody else has locked, or to wait for them.
 */
export function pickReady(pool: string, gate: SQL, held: "skip" | "wait"): SQL {
  const present = sql`(m.machine_spec = (select machine_spec from pools where name = ${pool}) and n.scheduling = 'open')`;
  const lock = held === "skip" ? sql`for no key update of m skip locked` : sql`for no key update of m`;
  const ready = sql`select m.id from machines m join nodes n on n.name = m.node
    where m.pool = ${pool} and m.state = 'ready' and ${isOnline()} and ${gate}`;
  return sql`
    picked_present as (
      ${ready} and ${heardLately()} and ${present} order by m.ready_at limit 1 ${lock}
    ),
    picked_stale as (
      ${ready} and ${heardLately()} and not exists (select 1 from picked_present) order by m.ready_at limit 1 ${lock}
    ),
    picked_quiet as (
      ${ready} and not ${heardLately()}
      and not exists (select 1 from picked_present union all select 1 from picked_stale)
      order by ${present} desc, m.ready_at limit 1 ${lock}
    ),
    picked as (select id from picked_present union all select id from picked_stale union all select id from picked_quiet)`;
}
