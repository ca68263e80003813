import { sql } from "drizzle-orm";
import type { CapacityReport, CapacityTerm, NodeCapacity } from "../../contract/capacity.ts";
import { TERM_KINDS } from "../../contract/capacity.ts";
import { INSTANCE_TYPES, type PoolSpec } from "../../contract/pool.ts";
import { type Db, rows } from "../../db/client.ts";
import { sayNoNode } from "./nowhere.ts";
import { sayCapacity } from "./words.ts";
import { WarmpoolError } from "../core/errors.ts";
import { bindingsOf, nodeCapacity } from "./nodeCapacity.ts";
import { readNodes, serves } from "./nodeFacts.ts";
import { resolvePool } from "../core/whichPool.ts";
import { isLiveNode } from "../core/live.ts";
import { specOf } from "../core/spec.ts";

type Shape = PoolSpec["shape"];

/**
 * What would really fit now, as an equation that names what takes the rest. For the shape of a pool on its nodes, or
 * for any other shape; with a shape and no pool, on all nodes.
 * @throws WarmpoolError NOT_FOUND for an unknown pool, BAD_REQUEST if it must be named.
 */
export async function capacityReport(
  db: Db,
  asked: { pool?: string | undefined; shape?: Shape | undefined },
): Promise<CapacityReport> {
  const spec =
    asked.pool === undefined && asked.shape !== undefined ? null : await poolSpecOf(db, asked.pool);
  const shape = asked.shape ?? spec?.shape;
  if (shape === undefined) throw new WarmpoolError("BAD_REQUEST", "give the pool or the shape");
  const facts = await readNodes(db, isLiveNode(sql`n`));
  const nodes = facts
    .filter((node) => serves(node, spec ?? {}))
    .map((node) => {
      if (spec !== null) return nodeCapacity(node, spec, { shape, instanceType: spec.instanceType });
      // Of a shape alone as many fit as of the type that has more room.
      const [best] = INSTANCE_TYPES.map((instanceType) =>
        nodeCapacity(node, {}, { shape, instanceType }),
      ).toSorted((one, other) => other.placeable - one.placeable);
      return best ?? nodeCapacity(node, {}, { shape, instanceType: null });
    });
  const sum = (of: (node: NodeCapacity) => number) => nodes.reduce((total, node) => total + of(node), 0);
  const report = {
    pool: spec?.name ?? null,
    shape,
    nominal: sum(({ nominal }) => nominal),
    booked: sum(({ booked }) => booked),
    placeable: sum(({ placeable }) => placeable),
    terms: together(nodes.map(({ terms }) => terms)),
    binding: bindingsOf(nodes),
    nodes,
  };
  return { ...report, text: sayCapacity(report, nodes.length === 0 ? sayNoNode(facts, spec ?? {}) : null) };
}

function together(all: readonly CapacityTerm[][]): CapacityTerm[] {
  return TERM_KINDS.flatMap((kind) => {
    const terms = all.flat().filter((term) => term.kind === kind);
    if (terms.length === 0) return [];
    return [
      {
        kind,
        count: terms.reduce((total, { count }) => total + count, 0),
        names: terms.flatMap(({ names }) => names),
      },
    ];
  });
}

async function poolSpecOf(db: Db, name: string | undefined): Promise<PoolSpec> {
  const pool = await resolvePool(db, name);
  const [found] = await rows<{ spec: PoolSpec }>(
    db,
    sql`select ${specOf()} as spec from pools p where name = ${pool}`,
  );
  if (found === undefined) throw new WarmpoolError("NOT_FOUND", `there is no pool named ${pool}`);
  return found.spec;
}
