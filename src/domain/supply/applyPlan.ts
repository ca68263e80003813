import { sql } from "drizzle-orm";
import type { PoolSpec } from "../../contract/pool.ts";
import { type Db, listOf, rows } from "../../db/client.ts";
import { placeCanaries } from "../health/canary.ts";
import { without } from "./preview.ts";
import { isOnline, isSilent } from "../core/nodeSilence.ts";
import { byNobody, change } from "../core/change.ts";
import { lockNodes, lockPool } from "../core/locks.ts";
import type { Change } from "../core/touched.ts";
import { GIVES_WAY, givesWayFirst, replaceFirst } from "./rollout.ts";
import { type NodeFacts, readNodes } from "../capacity/nodeFacts.ts";
import { chooseNode, type Wish } from "../capacity/chooseNode.ts";
import { freePorts } from "./ports.ts";
import type { Actor, Reason } from "../core/reasons.ts";
import { planPool, type PoolPlan, type PoolSituation, population } from "./plan.ts";
import { SETTINGS } from "../core/limits.ts";
import { json } from "../core/event.ts";
import { isBrakeOn, isBraked, isLiveMachine, isLiveNode } from "../core/live.ts";
import { specField, specOf } from "../core/spec.ts";

const NOTHING: PoolPlan = { create: 0, shrink: 0, replace: null, blocked: null };

/**
 * Applies the plan: the pool's row is locked, the situation is read, machines and their creates are inserted. With the
 * lock held by one at a time, any number of overlapping sweeps create the deficit once.
 * @param whom `testers` creates for those who wait and for nobody else, so that no pool's stock goes before them
 * @returns the plan that was applied, and how many machines were really inserted (fewer where no node has room).
 */
export async function replenish(
  db: Db,
  pool: string,
  actor: Actor,
  whom: "testers" | "everybody" = "everybody",
): Promise<PoolPlan & { created: number }> {
  return change(db, actor, byNobody, async (tx) => {
    if (!(await lockPool(tx, pool))) return { ...NOTHING, created: 0 };
    const situation = await situationToFill(tx, pool);
    const canaries = situation.anyBraked ? await insertCanaries(tx, pool, situation, actor) : 0;
    situation.counts.provisioning += canaries;
    const plan = planPool(whom === "testers" ? { ...situation, targetSize: 0, staleReady: 0 } : situation);
    const create = Math.min(plan.create, SETTINGS.mostQueuedAtOnce);
    const created =
      create > 0 ? await insertMachines(tx, pool, create, situation.online, actor, "refill") : 0;
    await giveWay(tx, pool, plan, created, situation, actor);
    return { ...plan, created: canaries + created };
  });
}

/** Where there is no room for both, an old machine goes before its successor is made. */
async function giveWay(
  tx: Change,
  pool: string,
  plan: PoolPlan,
  created: number,
  situation: Situation,
  actor: Actor,
): Promise<void> {
  if (!givesWayFirst(situation, plan, created)) return;
  const nodes = await readOpen(tx, situation.online);
  const wish = await wishOf(tx, pool);
  const elsewhere = chooseNode(nodes, wish) !== null;
  // What could be made elsewhere and was not is made at the next sweep, and nothing has to go before it.
  if (plan.replace === "after" && elsewhere) return;
  const wouldFit = (name: string) =>
    elsewhere ||
    chooseNode(
      nodes.map((node) => without(node, name)),
      wish,
    ) !== null;
  await replaceFirst(tx, pool, elsewhere ? "elsewhere" : "where it was", wouldFit, actor);
}

/**
 * The situation of a pool whose row is locked. Where a machine may be made the nodes are locked too, all of them and before
 * any machine (src/domain/core/locks.ts), and it is read again: a node may have been braked, or given a canary, meanwhile.
 */
async function situationToFill(tx: Db, pool: string): Promise<Situation> {
  const first = await readSituation(tx, pool);
  if (!first.anyBraked && planPool(first).create === 0) return first;
  await lockNodes(tx, isLiveNode(sql`n`));
  return readSituation(tx, pool);
}

/** `online` are the nodes that may get machines: a braked one gets its canary and nothing else. */
type Situation = PoolSituation & { online: string[]; anyBraked: boolean };

/**
 * Whether the delete of a machine `m` of a node `n` keeps its room for long: it began a while ago, and it has failed or
 * its node is not heard. One that is being worked on, or stands in the node's line behind long creates, will end.
 */
const IS_STUCK = sql`(m.deleting_since <= now() - make_interval(secs => ${SETTINGS.deleteStuckSeconds})
  and (not ${isOnline()} or not exists (select 1 from operations d where d.machine = m.id
    and d.kind = 'delete' and d.state in ('queued', 'leased') and d.error is null)))`;

/** @throws if the pool does not exist: call it under its row lock. */
export async function readSituation(tx: Db, pool: string): Promise<Situation> {
  const [row] = await rows<Situation>(
    tx,
    sql`select p.target_size as "targetSize", p.max_size as "maxSize", p.paused, p.create_failures as "createFailures",
        coalesce(p.create_not_before <= now(), true) as "backoffOver",
        (select coalesce(jsonb_agg(o.name), '[]') from nodes o where ${isOnline(sql`o`)} and o.name not in (
          select b.node from brakes b where ${isBrakeOn(sql`b`)})) as online,
        exists (select 1 from brakes b where ${isBrakeOn(sql`b`)}) as "anyBraked",
        (select count(*)::int from assignments a where a.pool = p.name and a.state = 'waiting') as waiting,
        c.counts, c."readyOffline", c."failedCreatesDeleting", c."staleReady", c.lately, c."stuckReplaced", c."outOfReach"
      from pools p, lateral (
        select jsonb_build_object(
            'provisioning', count(*) filter (where m.state = 'provisioning'),
            'ready', count(*) filter (where m.state = 'ready'),
            'suspect', count(*) filter (where m.state = 'suspect'),
            'assigned', count(*) filter (where m.state = 'assigned'),
            'held', count(*) filter (where m.state = 'held'),
            'deleting', count(*) filter (where m.state = 'deleting')) as counts,
          (count(*) filter (where m.state = 'ready' and not ${isOnline()}))::int as "readyOffline",
          (count(*) filter (where m.state = 'ready' and ${isOnline()} and ${GIVES_WAY}
            and not ${isBraked(sql`n.name`)}))::int as "staleReady",
          (count(*) filter (where m.state = 'deleting' and not ${IS_STUCK}))::int as lately,
          (count(*) filter (where m.state = 'deleting' and ${IS_STUCK} and m.ready_at is not null and ${GIVES_WAY}
            and not exists (select 1 from assignments a where a.machine = m.id)))::int as "stuckReplaced",
          jsonb_build_object(
            'provisioning', count(*) filter (where m.state = 'provisioning' and ${isSilent()}),
            'suspect', count(*) filter (where m.state = 'suspect' and (${isSilent()}
              or ${isBraked(sql`n.name`)})),
            'population', count(*) filter (where ${isSilent()} and m.state not in ('assigned', 'held'))) as "outOfReach",
          (count(*) filter (where m.state = 'deleting' and m.ready_at is null
            and m.deleting_since > now() - interval '1 hour'))::int as "failedCreatesDeleting"
        from machines m join nodes n on n.name = m.node
        where m.pool = p.name and ${isLiveMachine(sql`m`)}) c
      where p.name = ${pool}`,
  );
  if (row === undefined) throw new Error(`pool ${pool} went away under its lock`);
  return row;
}

function insertCanaries(tx: Change, name: string, situation: Situation, actor: Actor): Promise<number> {
  const { paused, maxSize, counts } = situation;
  const create = (node: string) => insertMachines(tx, name, 1, [node], actor, "canary");
  return placeCanaries(tx, { name, paused, room: maxSize - population(counts) }, create, actor);
}

/**
 * Inserts machines one by one, each where placing finds room for it on those nodes that were online when the deficit was
 * counted (one that came back since has ready machines which were not counted), with two free loopback
 * ports of that node. Call it under the nodes' row locks, so that two edges do not promise the same room.
 */
async function insertMachines(
  tx: Db,
  pool: string,
  count: number,
  online: readonly string[],
  actor: Actor,
  reason: Extract<Reason, "refill" | "canary">,
): Promise<number> {
  const open = await readOpen(tx, online);
  // A braked node is closed to all but its canary.
  const nodes = reason === "canary" ? open.map((node) => ({ ...node, braked: false })) : open;
  const wish = await wishOf(tx, pool);
  let inserted = 0;
  while (inserted < count) {
    const choice = chooseNode(nodes, wish);
    const node = nodes.find((one) => one.name === choice?.node);
    if (node === undefined || choice === null) break;
    const [made] = await rows<{ name: string }>(
      tx,
      sql`
      with free as (
        ${freePorts(node.name, node.rows.length)}
      ),
      number as (select nextval(pg_get_serial_sequence('machines', 'number')) as n),
      made as (
        insert into machines (number, name, pool, node, phase, port, http_port, machine_spec, shape)
        overriding system value
        select number.n, ${pool} || '-' || number.n || '-' || left(s.installation::text, 4), ${pool}, ${node.name}, 'queued',
          (select port from free where n = 1), (select port from free where n = 2), p.machine_spec, ${specField("shape")}
        from number, pools p, settings s where p.name = ${pool}
        returning id, name, pool, node
      ),
      work as (insert into operations (kind, node, machine) select 'create', node, id from made),
      told as (insert into events (kind, actor, reason, pool, node, machine, after, data)
        select 'machine', ${actor}, ${reason}, pool, node, id, 'provisioning', ${json({ cause: choice.why })} from made)
      select name from made`,
    );
    if (made === undefined) break;
    node.rows.push({
      name: made.name,
      pool,
      state: "provisioning",
      shape: wish.shape,
      instanceType: wish.instanceType,
    });
    inserted += 1;
  }
  return inserted;
}

function readOpen(tx: Db, names: readonly string[]): Promise<NodeFacts[]> {
  return readNodes(tx, sql`${isOnline()} and n.name in (${listOf(names)})`);
}

/** @throws if the pool does not exist: call it under its row lock */
async function wishOf(tx: Db, pool: string): Promise<Wish> {
  const [row] = await rows<{ spec: PoolSpec }>(
    tx,
    sql`select ${specOf()} as spec from pools p where name = ${pool}`,
  );
  if (row === undefined) throw new Error(`pool ${pool} went away under its lock`);
  return row.spec;
}
