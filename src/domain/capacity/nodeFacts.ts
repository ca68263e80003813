import { type SQL, sql } from "drizzle-orm";
import { own } from "../../contract/own.ts";
import type { Closed } from "../../contract/capacity.ts";
import type { PoolSpec } from "../../contract/pool.ts";
import type { KeptInventory, NodeScheduling, NodeState } from "../../contract/node.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import type { FullFor } from "../../db/tables/nodes.ts";
import type { Asked, BookedRow } from "./booked.ts";
import { nameOfShape } from "./refusals.ts";
import { concurrencyOf } from "../core/nodeSettings.ts";
import { heardLately, stateNow } from "../core/nodeSilence.ts";
import { SETTINGS } from "../core/limits.ts";
import { isBraked, isLiveMachine } from "../core/live.ts";
import { specField } from "../core/spec.ts";

/** What placing looks at: a node, what its relay counted there, and what the rows have booked. */
export type NodeFacts = {
  name: string;
  state: NodeState;
  /** Whether its relay was heard within two polls. */
  heardLately: boolean;
  scheduling: NodeScheduling;
  labels: string[];
  inventory: KeptInventory | null;
  inventoryAt: string | null;
  inventoryAgeSeconds: number | null;
  full: FullFor;
  /** How many of its machines are made at a time, and so boot at the same time. */
  concurrency: number;
  /** Most of its machines died at once, and no canary has got ready since. */
  braked: boolean;
  rows: (BookedRow & { pool: string | null })[];
  /** Names proven gone since the inventory was counted: what it shows of them is history. */
  gone: string[];
};

/** The nodes that `which` (of `n` nodes) selects. Who acts on it holds their row locks. */
export function readNodes(db: Db, which: SQL): Promise<NodeFacts[]> {
  return rows<NodeFacts>(
    db,
    sql`select n.name, ${stateNow()} as state, coalesce(${heardLately()}, false) as "heardLately", n.scheduling, n.labels,
        n.inventory, ${iso(sql`n.inventory_at`)} as "inventoryAt",
        extract(epoch from now() - n.inventory_at)::float8 as "inventoryAgeSeconds", n."full", ${concurrencyOf()} as concurrency,
        ${isBraked(sql`n.name`)} as braked,
        coalesce((select jsonb_agg(jsonb_build_object('name', m.name, 'pool', m.pool, 'state', m.state, 'shape', m.shape,
            'instanceType', ${specField("instanceType")}) order by m.number)
          from machines m left join pools p on p.name = m.pool
          where m.node = n.name and ${isLiveMachine(sql`m`)}), '[]') as rows,
        coalesce((select jsonb_agg(m.name)
          from machines m where m.node = n.name and m.state = 'deleted' and m.deleted_at >= n.inventory_at
            and m.receipt ->> 'kind' <> 'forgotten'), '[]') as gone
      from nodes n where ${which} order by n.name`,
  );
}

/** The inventory without what is gone; what a full disk still holds of it is not given away before it is counted again. */
export function presentInventory({
  inventory,
  gone,
}: Pick<NodeFacts, "inventory" | "gone">): KeptInventory | null {
  if (inventory?.machines === undefined || gone.length === 0) return inventory;
  const away = new Set(gone);
  return { ...inventory, machines: inventory.machines.filter(({ ours, name }) => !ours || !away.has(name)) };
}

/** The nodes that a pool asks for: by name, by labels that they all carry, or by both. */
export type NodeWish = Pick<PoolSpec, "nodes" | "nodeLabels">;

/** Whether it is one of the nodes that the pool asks for. */
export function serves(node: { name: string; labels: readonly string[] }, pool: NodeWish): boolean {
  return (
    (pool.nodes?.includes(node.name) ?? true) &&
    (pool.nodeLabels?.every((label) => node.labels.includes(label)) ?? true)
  );
}

/** The same for a node `n` and a pool `p` in SQL. */
export const SERVES = sql`coalesce(${specField("nodes")} ? n.name, true)
  and n.labels @> coalesce(${specField("nodeLabels")}, '[]')`;

/** Why a node is closed, with its driver's message if the driver refuses. */
export type ClosedFor = { why: Closed; detail: string | null };

/** Why no such machine is created there now, whatever its room; null where it may be. A node that has never said what
 * it has is open: it refuses by itself. */
export function closedFor(node: NodeFacts, pool: NodeWish, asked: Asked): ClosedFor | null {
  const why = closedWhole(node, pool);
  if (why !== null) return { why, detail: null };
  const { instanceType, shape } = asked;
  const forbidden = node.inventory?.forbids?.find((one) => one.instanceType === instanceType);
  if (forbidden !== undefined) return { why: "forbidden", detail: forbidden.why };
  const refusal = own(node.full, nameOfShape(shape, instanceType));
  if (refusal === undefined) return null;
  const isLate = Date.now() - Date.parse(refusal.since) > SETTINGS.saidFullSeconds * 1000;
  return isLate ? null : { why: "said_full", detail: refusal.message ?? null };
}

/** What closes it to machines of any kind. */
function closedWhole(node: NodeFacts, pool: NodeWish): Closed | null {
  if (!serves(node, pool)) return "not_in_pool";
  if (node.state !== "online") return "not_online";
  if (node.scheduling === "draining") return "draining";
  if (node.braked) return "braked";
  return (node.inventoryAgeSeconds ?? 0) > SETTINGS.inventoryStaleSeconds ? "stale_inventory" : null;
}
