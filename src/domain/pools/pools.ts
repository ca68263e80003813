import { type SQL, sql } from "drizzle-orm";
import type { PoolCounts, PoolSpec, PoolView } from "../../contract/pool.ts";
import { type Db, iso, listOf, rows } from "../../db/client.ts";
import { isDefault } from "../core/whichPool.ts";
import { poolConditions } from "./conditions.ts";
import type { PoolFacts } from "./facts.ts";
import { DRIVER_PROBLEM } from "../health/driverProblem.ts";
import { WarmpoolError } from "../core/errors.ts";
import { canonical, sha256 } from "../core/hash.ts";
import { isOnline, isSilent } from "../core/nodeSilence.ts";
import { lockPool, lockWork } from "../core/locks.ts";
import { readNodes } from "../capacity/nodeFacts.ts";
import { nowhere } from "../capacity/nowhere.ts";
import { slotsOfPool } from "../assignments/queue/observed.ts";
import { change } from "../core/change.ts";
import { type Change, touch } from "../core/touched.ts";
import { follow } from "../follow/follow.ts";
import { changes } from "./changes.ts";
import type { Actor, Reason } from "../core/reasons.ts";
import { population } from "../supply/plan.ts";
import { endAssignments } from "../assignments/release.ts";
import { runway } from "./runway.ts";
import { NOT_ALIVE } from "../health/notAlive.ts";
import { DOWN_OF_POOL } from "../health/testerMachines.ts";
import { setupsOfPool } from "./setupsLately.ts";
import { tearDown } from "../core/teardown.ts";
import { json, tell } from "../core/event.ts";
import { isBrakeOn, isLiveAssignment, isLiveMachine, isLiveNode, isNotRemoved } from "../core/live.ts";
import { specOf } from "../core/spec.ts";

type Row = Omit<PoolFacts, "nowhere" | "deleting"> & {
  name: string;
  spec: PoolSpec;
  counts: PoolCounts;
  waiting: number;
  createdAt: string;
  removedAt: string | null;
  isDefault: boolean;
};

/** One row for each pool that `where` (of `p` pools) selects, with the data of its view. */
export function poolFacts(where: SQL): SQL {
  const count = (state: keyof PoolCounts) => sql`count(*) filter (where m.state = ${state})`;
  return sql`select p.name, ${specOf()} as spec, p.paused, p.create_failures as "createFailures", ${iso(sql`p.created_at`)} as "createdAt",
        ${iso(sql`p.removed_at`)} as "removedAt", ${iso(sql`p.create_not_before`)} as "createNotBefore", p.conditions as stored,
        jsonb_build_object('provisioning', ${count("provisioning")}, 'ready', ${count("ready")},
          'suspect', ${count("suspect")}, 'assigned', ${count("assigned")}, 'held', ${count("held")},
          'deleting', ${count("deleting")}) as counts,
        (count(*) filter (where m.state = 'ready' and ${isOnline()}))::int as claimable,
        (count(*) filter (where m.state <> 'deleting' and m.machine_spec <> p.machine_spec))::int as stale,
        count(*) filter (where m.state = 'provisioning' and not ${isSilent()}) > 0 as "onTheirWay",
        (select coalesce(jsonb_agg(jsonb_build_object('node', s.name, 'lastSeenAt', ${iso(sql`s.last_seen_at`)},
            'making', s.making, 'ready', s.ready, 'assigned', s.assigned, 'others', s.others) order by s.name), '[]')
          from (select o.name, o.last_seen_at, count(*) filter (where e.state = 'provisioning') as making,
              count(*) filter (where e.state = 'ready') as ready, count(*) filter (where e.state = 'assigned') as assigned,
              count(*) filter (where e.state in ('suspect', 'held', 'deleting')) as others
            from nodes o join machines e on e.node = o.name
            where ${isSilent(sql`o`)} and e.pool = p.name and ${isLiveMachine(sql`e`)} group by o.name) s) as "silentNodes",
        coalesce(jsonb_agg(m.name order by m.number) filter (where m.state = 'held' and m.hold ->> 'by' like 'node:%'
          or m.state = 'assigned' and ${NOT_ALIVE} ? 'presented'), '[]') as strangers,
        (select coalesce(jsonb_agg(jsonb_build_object('machine', e.name, 'username', k.username,
            'pending', e.cut ->> 'doneAt' is null) order by e.number), '[]')
          from assignments k join machines e on e.id = k.machine
          where k.pool = p.name and ${isLiveAssignment(sql`k`)} and e.cut is not null) as cut,
        (select coalesce(jsonb_agg(k.username order by k.username), '[]') from assignments k
          where k.pool = p.name and k.state = 'active' and k.error is not null) as keyless,
        (select coalesce(jsonb_agg(jsonb_build_object('node', b.node, 'dead', b.dead, 'answered', b.answered, 'cause', b.cause,
            'canaryError', b.canary_error, 'canaryNotBefore', ${iso(sql`b.canary_not_before`)}) order by b.since), '[]')
          from brakes b where ${isBrakeOn(sql`b`)} and ${hasMachinesOn(sql`b.node`)}) as brakes,
        (select coalesce(jsonb_agg(b.name order by b.name), '[]') from nodes b where b.orphan_brake is not null and ${hasMachinesOn(sql`b.name`)}) as "orphanNodes",
        ${DOWN_OF_POOL} as "downMachines",
        (select coalesce(jsonb_agg(jsonb_build_object('node', n.name, 'message', ${DRIVER_PROBLEM} -> 'message') order by n.name), '[]')
          from nodes n where n.driver_problems <> '{}' and not ${isSilent()} and ${hasMachinesOn(sql`n.name`)}) as "driverProblems",
        (select coalesce(jsonb_agg(b.name || ': ' || s.key order by b.name, s.key), '[]') from nodes b, jsonb_each(b.orphans) s
          where jsonb_typeof(s.value -> 'confirmedBy') = 'null' and ${hasMachinesOn(sql`b.name`)}) as orphans,
        (select count(*)::int from assignments a where a.pool = p.name and a.state = 'waiting') as waiting,
        (select count(*)::int from assignments a where a.pool = p.name and a.created_at > now() - interval '1 hour') as claims,
        (select percentile_cont(0.5) within group (order by d.create_seconds)
          from (select create_seconds from machines e where e.pool = p.name and e.ready_at is not null and e.create_seconds is not null
            order by e.number desc limit 20) d) as "usualCreateSeconds", ${slotsOfPool} as slots, ${setupsOfPool} as setups, ${isDefault} as "isDefault",
        (select e.evidence ->> 'error' from machines e where e.pool = p.name and e.evidence is not null
          order by e.number desc limit 1) as "lastFailure", to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as now
      from pools p
      left join machines m on m.pool = p.name and ${isLiveMachine(sql`m`)}
      left join nodes n on n.name = m.node
      where ${where} group by p.name
      having ${isNotRemoved(sql`p`)} or count(m.id) > 0
      order by p.name`;
}

/** Pool `p` has machines on that node. */
const hasMachinesOn = (node: SQL) =>
  sql`exists (select 1 from machines o where o.node = ${node} and o.pool = p.name and ${isLiveMachine(sql`o`)})`;

async function readPools(db: Db, where: SQL): Promise<PoolView[]> {
  const found = await rows<Row>(db, poolFacts(where));
  const nodes = await readNodes(db, isLiveNode(sql`n`));
  return found.map((row) => ({
    name: row.name,
    spec: row.spec,
    paused: row.paused,
    counts: row.counts,
    claimable: row.claimable,
    waiting: row.waiting,
    conditions:
      row.removedAt === null
        ? poolConditions({
            ...row,
            population: population(row.counts),
            deleting: row.counts.deleting,
            nowhere: nowhere(nodes, row.spec),
          })
        : [],
    runway: runway(row),
    isDefault: row.isDefault,
    createdAt: row.createdAt,
    removedAt: row.removedAt,
  }));
}

export function listPools(db: Db): Promise<PoolView[]> {
  return readPools(db, sql`true`);
}

/** @throws WarmpoolError NOT_FOUND. */
export async function getPool(db: Db, name: string): Promise<PoolView> {
  const [found] = await readPools(db, sql`p.name = ${name}`);
  if (found === undefined) throw new WarmpoolError("NOT_FOUND", `there is no pool named ${name}`);
  return found;
}

/**
 * Creates or changes a pool. Machines with another image, shape or set of admin keys become stale; a changed recipe
 * has no effect on ready machines.
 * @throws WarmpoolError NOT_FOUND where its recipe, or a node it names, does not exist.
 */
export async function putPool(db: Db, spec: PoolSpec, actor: Actor): Promise<PoolView> {
  const machineSpec = await machineSpecOf(spec);
  await change(db, actor, follow, async (tx) => {
    await mustExist(tx, spec);
    touch(tx.touched, ["refill"], { pool: spec.name });
    const [standing] = await rows<{ spec: PoolSpec; removed: boolean }>(
      tx,
      sql`select ${specOf()} as spec, removed_at is not null as removed from pools p where name = ${spec.name} for no key update`,
    );
    const before = standing === undefined || standing.removed ? undefined : standing.spec;
    await tx.execute(sql`
      insert into pools (name, spec, machine_spec) values (${spec.name}, ${json(spec)}, ${machineSpec})
      on conflict (name) do update set spec = excluded.spec, machine_spec = excluded.machine_spec,
        create_failures = case when pools.spec = excluded.spec then pools.create_failures else 0 end,
        create_not_before = case when pools.spec = excluded.spec then pools.create_not_before end, paused = pools.paused and ${isNotRemoved(sql`pools`)},
        created_at = case when ${isNotRemoved(sql`pools`)} then pools.created_at else now() end, removed_at = null`);
    if (before !== undefined && canonical(before) === canonical(spec)) return;
    await tell(tx, {
      kind: "pool",
      actor,
      reason: "spec_changed",
      pool: spec.name,
      ...changes(before, spec),
    });
  });
  return getPool(db, spec.name);
}

/** The hash of the part of the spec that defines a machine: one with another hash is stale. */
export async function machineSpecOf({ image, instanceType, shape, adminSshKeys }: PoolSpec): Promise<string> {
  return (await sha256(canonical({ image, instanceType, shape, adminSshKeys }))).slice(0, 16);
}

/** @throws WarmpoolError NOT_FOUND if the spec's recipe, or a node that it names, does not exist. */
export async function mustExist(tx: Db, spec: PoolSpec): Promise<void> {
  // Held against a removal until the pool is stored.
  const recipes = await rows(
    tx,
    sql`select 1 from recipes where name = ${spec.recipe} and ${isNotRemoved()} limit 1 for key share`,
  );
  if (recipes.length === 0) {
    throw new WarmpoolError("NOT_FOUND", `recipe: there is no recipe named ${spec.recipe}; push it first`);
  }
  if (spec.nodes === undefined) return;
  const known = await rows<{ name: string }>(
    tx,
    sql`select name from nodes where name in (${listOf(spec.nodes)}) and ${isLiveNode()}`,
  );
  const missing = spec.nodes.filter((name) => !known.some((node) => node.name === name));
  if (missing.length > 0) throw new WarmpoolError("NOT_FOUND", `nodes: not enrolled: ${missing.join(", ")}`);
}

/** A paused pool creates nothing and tears nothing down by itself; what is ready is still assigned. */
export async function pausePool(db: Db, name: string, paused: boolean, actor: Actor): Promise<PoolView> {
  await change(db, actor, follow, (tx) => setPaused(tx, name, paused, actor, "spec_changed"));
  return getPool(db, name);
}

async function setPaused(
  tx: Change,
  name: string,
  paused: boolean,
  actor: Actor,
  reason: Reason,
): Promise<void> {
  if (!paused) touch(tx.touched, ["refill"], { pool: name });
  const changed = await rows(
    tx,
    sql`update pools set paused = ${paused}
      where name = ${name} and paused <> ${paused} and ${isNotRemoved()} returning name`,
  );
  if (changed.length === 0) return;
  const told = { before: { paused: !paused }, after: { paused } };
  await tell(tx, { kind: "pool", actor, reason, pool: name, ...told });
}

/**
 * Pauses the pool and takes its machines down: those without a live assignment, or with `assigned: "release"` all of
 * them, whose assignments are released first.
 */
export async function emptyPool(
  db: Db,
  name: string,
  assigned: "keep" | "release",
  actor: Actor,
): Promise<PoolView> {
  await getPool(db, name);
  await change(db, actor, follow, async (tx) => {
    await lockPool(tx, name);
    await setPaused(tx, name, true, actor, "emptied");
    const all = sql`select id from machines where pool = ${name}`;
    await lockWork(tx, all);
    if (assigned === "release") {
      await endAssignments(tx, sql`select id from assignments where pool = ${name}`, {
        actor,
        reason: "emptied",
      });
    }
    await tearDown(tx, all, { actor, reason: "emptied" });
  });
  return getPool(db, name);
}
