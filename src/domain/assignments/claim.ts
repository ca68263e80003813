import { type SQL, sql } from "drizzle-orm";
import { heardLately, isOnline } from "../core/nodeSilence.ts";

/**
 * Common table expressions that end in `picked`: the id of the machine that a tester of the pool gets next, locked, always
 * on an online node. Nodes whose relay was heard recently come first, because a set-up starts only when a relay leases it: there
 * the longest-ready machine with the pool's current spec on a node that is not draining, or else the longest-ready of the others.
 * Only if there is none, the same on quiet nodes. Steps are used instead of one sort order, so that each of the first
 * two reads the partial index `machines_claim` from its start and stops at the first row, however many machines are ready.
 * @param gate an additional condition, checked before any machine is locked; it may refer to the node `n`.
 * @param held whether to skip machines that another transaction has locked, or to wait for them.
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
