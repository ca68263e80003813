import { sql } from "drizzle-orm";
import { isOnline, isSilent } from "../../core/nodeSilence.ts";
import { SERVES } from "../../capacity/nodeFacts.ts";
import { concurrencyOf } from "../../core/nodeSettings.ts";
import { isBraked, isLiveMachine, isLiveOperation } from "../../core/live.ts";

/** How many of the last ones an estimate goes by; of machines that were ready, for those there is an index. */
const LAST = 20;

/** A pool's nodes (alias `n`, pool `p`): heard, not braked, and those it may use. */
const ITS_NODES = sql`${isOnline()} and n.scheduling = 'open' and ${SERVES}
  and not ${isBraked(sql`n.name`)}`;

/** What is under way counts while its lease lives; what failed and waits to be tried again is not counted on. */
const jobs = sql`(
  select coalesce(jsonb_agg(jsonb_build_object('kind', o.kind, 'isOurs', m.pool = p.name,
      'seconds', case when o.state <> 'queued' then extract(epoch from now() - o.first_leased_at) end) order by o.created_at), '[]')
  from operations o join machines m on m.id = o.machine join nodes n on n.name = o.node
  where o.kind in ('create', 'delete') and ${isLiveOperation(sql`o`)}
    and (o.state <> 'queued' or o.not_before <= now()) and ${ITS_NODES})`;

const held = sql`(
  select coalesce(jsonb_agg(jsonb_build_object('seconds', extract(epoch from now() - h.claimed_at),
      'expiresIn', extract(epoch from h.expires_at - now()))), '[]')
  from assignments h where h.pool = p.name and h.state in ('setting_up', 'active', 'failed') and h.claimed_at is not null)`;

const observed = sql`jsonb_build_object(
  'creates', (select coalesce(jsonb_agg(e.create_seconds), '[]') from (select create_seconds from machines
    where pool = p.name and ready_at is not null and create_seconds is not null order by number desc limit ${LAST}) e),
  'deletes', (select coalesce(jsonb_agg(e.delete_seconds), '[]') from (select delete_seconds from machines
    where pool = p.name and ready_at is not null and delete_seconds is not null order by number desc limit ${LAST}) e),
  'holds', (select coalesce(jsonb_agg(extract(epoch from e.released_at - e.claimed_at)), '[]') from (select released_at, claimed_at
    from assignments where pool = p.name and state = 'released' and claimed_at is not null order by seq desc limit ${LAST}) e))`;

/** How many creates and deletes the open nodes of the pool `p` work on at once. */
export const slotsOfPool = sql`(select coalesce(sum(${concurrencyOf()}), 0)::int from nodes n where ${ITS_NODES})`;

/** As `lackOf` (src/domain/supply/plan.ts) counts it: what a silent node has keeps no room from those who wait. */
const room = sql`(select p.max_size - count(*) + least(
    count(*) filter (where ${isSilent()} and m.state not in ('assigned', 'held')),
    (select count(*) from assignments w where w.pool = p.name and w.state = 'waiting'))
  from machines m join nodes n on n.name = m.node where m.pool = p.name and ${isLiveMachine(sql`m`)})`;

/** The `Line` (src/domain/assignments/queue/forecast.ts) of the pool whose row has the alias `p`, as jsonb. */
export const lineOfPool = sql`jsonb_build_object(
  'slots', ${slotsOfPool},
  'jobs', ${jobs}, 'held', ${held}, 'observed', ${observed}, 'targetSize', p.target_size,
  'room', ${room},
  'waiting', (select count(*) from assignments w where w.pool = p.name and w.state = 'waiting'),
  'halted', p.paused or p.create_failures > 0)`;
