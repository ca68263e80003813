import { sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { NODE_STATES } from "../../contract/node.ts";
import type { PoolView } from "../../contract/pool.ts";
import { stateNow } from "../core/nodeSilence.ts";
import { listPools } from "../pools/pools.ts";
import { DOWN_OF_POOL, type DownMachine } from "../health/testerMachines.ts";
import { LIVE_ASSIGNMENT_STATES, LIVE_MACHINE_STATES, type Sample } from "./catalogue.ts";
import { isLiveAssignment, isLiveMachine, isLiveNode } from "../core/live.ts";

/** Current values. They are read again each time and not stored. */
export async function readGauges(db: Db): Promise<{ pools: PoolView[]; nodes: string[]; samples: Sample[] }> {
  const [pools, lines, downs, nodes, duties, pending] = await Promise.all([
    listPools(db),
    rows<Line>(db, LINES),
    rows<{ name: string; down: DownMachine[] }>(db, sql`select p.name, ${DOWN_OF_POOL} as down from pools p`),
    rows<Node>(db, NODES),
    rows<Beat>(
      db,
      sql`select duty, extract(epoch from now() - last_end_at)::float8 as age, outcome = 'failed' as failed from duties
        where last_end_at is not null order by duty`,
    ),
    rows<{ count: number; oldest: number }>(
      db,
      sql`select count(*)::int as count, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest
        from webhook_messages where ended_at is null`,
    ),
  ]);
  return {
    pools,
    nodes: nodes.map((node) => node.name),
    samples: [
      ...pools.flatMap((pool) => poolSamples(pool, lines)),
      ...pools.map(({ name }) => ({
        metric: "warmpool_tester_machines_down" as const,
        labels: { pool: name },
        value: downs.find((one) => one.name === name)?.down.length ?? 0,
      })),
      ...NODE_STATES.map((state) => ({
        metric: "warmpool_nodes" as const,
        labels: { state },
        value: nodes.filter((node) => node.state === state).length,
      })),
      ...nodes.flatMap(orphanSamples),
      ...nodes.map(({ name, driverDown }) => ({
        metric: "warmpool_node_driver_down" as const,
        labels: { node: name },
        value: Number(driverDown),
      })),
      ...duties.flatMap(dutySamples),
      ...pending.flatMap(({ count, oldest }): Sample[] => [
        { metric: "warmpool_webhook_pending", labels: {}, value: count },
        { metric: "warmpool_webhook_oldest_seconds", labels: {}, value: oldest },
      ]),
    ],
  };
}

/** `pool` is null for orphans. */
type Line = { pool: string | null; what: string; count: number; oldest: number };
type Node = { name: string; state: string; driverDown: boolean; seen: number; leaving: number };
type Beat = { duty: string; age: number; failed: boolean };

/** With the orphans of each: a sighting of one ends when it gets a row of its own, which says how far its delete is. */
const NODES = sql`
  select n.name, ${stateNow()} as state, n.driver_problems <> '{}' as "driverDown", (select count(*)::int from jsonb_object_keys(n.orphans)) as seen,
    (select count(*)::int from machines m
      where m.node = n.name and m.adopted_at is not null and ${isLiveMachine(sql`m`)}) as leaving
  from nodes n where ${isLiveNode(sql`n`)} order by n.name`;

/** Live assignments by state, and machines being deleted: how many of a pool, and for how long the oldest. */
const LINES = sql`
  select pool, state as what, count(*)::int as count, extract(epoch from now() - min(created_at))::float8 as oldest
  from assignments where ${isLiveAssignment()} group by pool, state
  union all
  select pool, 'deleting', count(*)::int, coalesce(extract(epoch from now() - min(deleting_since)), 0)::float8
  from machines where state = 'deleting' group by pool`;

function poolSamples(pool: PoolView, lines: readonly Line[]): Sample[] {
  const labels = { pool: pool.name };
  const line = (what: string) => lines.find((row) => row.pool === pool.name && row.what === what);
  return [
    ...LIVE_MACHINE_STATES.map((state) => ({
      metric: "warmpool_machines" as const,
      labels: { ...labels, state },
      value: pool.counts[state],
    })),
    { metric: "warmpool_machines_claimable", labels, value: pool.claimable },
    { metric: "warmpool_pool_target", labels, value: pool.spec.targetSize },
    { metric: "warmpool_pool_max", labels, value: pool.spec.maxSize },
    { metric: "warmpool_pool_paused", labels, value: Number(pool.paused) },
    ...pool.conditions.map(({ type, status }) => ({
      metric: "warmpool_pool_condition" as const,
      labels: { ...labels, condition: type },
      value: Number(status),
    })),
    ...LIVE_ASSIGNMENT_STATES.map((state) => ({
      metric: "warmpool_assignments" as const,
      labels: { ...labels, state },
      value: line(state)?.count ?? 0,
    })),
    { metric: "warmpool_waiting_oldest_seconds", labels, value: line("waiting")?.oldest ?? 0 },
    { metric: "warmpool_deleting_oldest_seconds", labels, value: line("deleting")?.oldest ?? 0 },
  ];
}

function orphanSamples({ name: node, seen, leaving }: Node): Sample[] {
  return [
    { metric: "warmpool_orphans", labels: { node, state: "seen" }, value: seen },
    { metric: "warmpool_orphans", labels: { node, state: "leaving" }, value: leaving },
  ];
}

function dutySamples({ duty, age, failed }: Beat): Sample[] {
  return [
    { metric: "warmpool_duty_age_seconds", labels: { duty }, value: age },
    { metric: "warmpool_duty_failed", labels: { duty }, value: Number(failed) },
  ];
}
