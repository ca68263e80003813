import { type SQL, sql } from "drizzle-orm";
import { own } from "../../contract/own.ts";
import type { OrphanBrake } from "../../contract/node.ts";
import type { Listing } from "../../contract/listing.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { settingOf } from "../core/settings.ts";
import { judgeOrphans, type SeenOrphan, type Sightings } from "./orphans.ts";
import type { Actor } from "../core/reasons.ts";
import { SETTINGS } from "../core/limits.ts";
import { json, tell } from "../core/event.ts";
import { isLiveMachine, isMade } from "../core/live.ts";
import { MACHINE_FOLLOWS } from "../core/follows.ts";
import { type Change, touch } from "../core/touched.ts";

/**
 * Applies the decisions of src/domain/orphans/orphans.ts to the node's row, whose lock everybody here holds. While a node shows
 * no orphan nothing is written.
 */
type Row = { orphans: Sightings; brake: OrphanBrake | null; leaving: number; at: string };

/**
 * Judges what a complete listing shows that no row knows, and adopts what is to go. The deletes of those that were
 * adopted follow from their state, as for any machine.
 * @param began the probe's operation
 */
export async function judgeListing(
  tx: Change,
  node: string,
  began: string,
  listing: Listing | null,
  mayTearDown: boolean,
  actor: Actor,
): Promise<void> {
  if (listing?.complete !== true) return;
  const [row] = await rows<Row>(
    tx,
    sql`select n.orphans, n.orphan_brake as brake, ${iso(sql`o.first_leased_at`)} as at,
        (select count(*)::int from machines m
          where m.node = n.name and m.adopted_at is not null and ${isLiveMachine(sql`m`)}) as leaving
      from nodes n, operations o where n.name = ${node} and o.id = ${began}`,
  );
  if (row === undefined) return;
  const seen = [...(await strays(tx, node, began, listing)), ...(await copiesOf(tx, began, listing))];
  const { orphans: before, brake, leaving, at } = row;
  const verdict = judgeOrphans({ before, seen, leaving, brake, at, mayTearDown });
  const appeared = Object.keys(verdict.sightings).filter((name) => own(before, name) === undefined);
  if (appeared.length > 0) {
    await tell(tx, { kind: "node", actor, reason: "orphan_seen", node, data: { machines: appeared } });
  }
  await adopt(tx, node, verdict.adopt, before, actor);
  if (verdict.brake?.since !== brake?.since) {
    const reason = verdict.brake === null ? "orphans_gone" : "orphans_held";
    await tell(tx, {
      kind: "node",
      actor,
      reason,
      node,
      data: { machines: seen.slice(0, SETTINGS.mostOrphans).map(({ name }) => name), count: seen.length },
    });
  }
  await noteOrphans(tx, node, verdict);
}

/**
 * The listed machines that no row stands for, each with what keeps it from going by itself. A row that turned `deleted`
 * since the probe began says nothing: the listing may be from before its end. Whatever node a row names, what it
 * stands for is no orphan.
 */
function strays(
  tx: Db,
  node: string,
  began: string,
  { names, unmarked = [] }: Listing,
): Promise<SeenOrphan[]> {
  const rowsOf = (which: SQL) => sql`exists (select 1 from machines f where f.name = l.name and ${which})`;
  return rows<SeenOrphan>(
    tx,
    sql`with l as (select distinct name from jsonb_array_elements_text(${json(names)}) n(name)),
      strange as (
        select l.name, (select a.username from assignments a join machines f on f.id = a.machine
          where f.name = l.name order by a.seq desc limit 1) as username
        from l where not exists (select 1 from machines m where m.name = l.name and ${isLiveMachine(sql`m`)})
          and not ${rowsOf(endedSince(began))}
      ),
      missing as (
        select 1 from machines m, operations o where o.id = ${began} and m.node = ${node}
          and ${isMade(sql`m`)} and m.ready_at < o.first_leased_at
          and not exists (select 1 from l where l.name = m.name)
      )
      select l.name, l.username, case
          when ${rowsOf(sql`f.adopted_at is not null and f.receipt ->> 'kind' = 'forgotten'`)} then 'given_up'
          when l.username is not null then 'had_tester'
          when not ${rowsOf(sql`f.adopted_at is null`)} then 'never_given'
          when ${json(unmarked)} ? l.name then 'unmarked'
          when exists (select 1 from missing) then 'vanished'
        end as waits
      from strange l order by l.name`,
  );
}

/** Machines with the mark of another. One that has a live row's name is one all the same: the row's machine is not there. */
function copiesOf(tx: Db, began: string, { copies = [] }: Listing): Promise<SeenOrphan[]> {
  if (copies.length === 0) return Promise.resolve([]);
  return rows<SeenOrphan>(
    tx,
    sql`select distinct on (c.name) c.name, 'copy' as waits, c."of", (select a.username from assignments a
          join machines f on f.id = a.machine where f.name = c."of" order by a.seq desc limit 1) as username
      from jsonb_to_recordset(${json(copies)}) c(name text, "of" text), operations o
      where o.id = ${began} order by c.name`,
  );
}

/** Whether the row of a machine `f` ended since that probe began. */
function endedSince(began: string): SQL {
  return sql`f.deleted_at >= (select first_leased_at from operations where id = ${began})`;
}

/**
 * Gives each of them a row in `deleting`, under the name that its node knows it by, if there still is none. What it
 * takes is told by the row it had once, or else by the node's inventory. One that no person has named is only stopped at
 * first: until `orphanKeepSeconds` are over somebody may still find out that it is theirs.
 */
async function adopt(
  tx: Change,
  node: string,
  names: readonly string[],
  sightings: Sightings,
  actor: Actor,
): Promise<void> {
  if (names.length === 0) return;
  touch(tx.touched, MACHINE_FOLLOWS.deleting, { node });
  await tx.execute(sql`
    with found as (
      select f.name, b.id as formerly, coalesce(b.shape, s.shape, '{"vcpus": 0, "memoryMib": 0, "diskGib": 0}') as shape,
        b.driver_ref, n.driver
      from jsonb_array_elements_text(${json(names)}) f(name)
      join nodes n on n.name = ${node}
      left join lateral (select m.id, m.shape, m.driver_ref from machines m
        where m.name = f.name order by m.number desc limit 1) b on true
      left join lateral (select jsonb_build_object('vcpus', i -> 'vcpus', 'memoryMib', i -> 'memoryMib', 'diskGib',
          (select coalesce(sum((d ->> 'gib')::numeric), 0) from jsonb_array_elements(i -> 'disks') d)) as shape
        from jsonb_array_elements(n.inventory -> 'machines') i
        where (i ->> 'ours')::boolean and i ->> 'name' = f.name limit 1) s on true
    ),
    adopted as (
      insert into machines (name, node, state, shape, driver, driver_ref, adopted_at, deleting_since, keep_until)
      select name, ${node}, 'deleting', shape, driver, driver_ref, now(), now(),
        case when ${json(sightings)} -> name ->> 'confirmedBy' is null
          then now() + make_interval(secs => ${settingOf("orphanKeepSeconds")}) end
      from found
      on conflict (name) where ${isLiveMachine()} do nothing
      returning id, name
    )
    insert into events (kind, actor, reason, node, machine, after, data)
    select 'machine', ${actor}, 'orphan', ${node}, a.id, 'deleting',
      jsonb_build_object('formerly', f.formerly, 'seen', ${json(sightings)} -> a.name)
    from adopted a join found f on f.name = a.name`);
}

/** Stores it in the node's row, unless it is already there. */
export async function noteOrphans(
  tx: Db,
  node: string,
  { sightings, brake }: { sightings: Sightings; brake: OrphanBrake | null },
): Promise<void> {
  await tx.execute(sql`
    update nodes set orphans = ${json(sightings)}, orphan_brake = ${json(brake)}
    where name = ${node} and (orphans, orphan_brake) is distinct from (${json(sightings)}, ${json(brake)})`);
}
