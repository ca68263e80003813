import { sql } from "drizzle-orm";
import type { PoolSpec } from "../../contract/pool.ts";
import { type Db, rows } from "../../db/client.ts";
import type { FullFor } from "../../db/tables/nodes.ts";
import { nameOfShape } from "./refusals.ts";
import { json } from "../core/event.ts";
import { specField } from "../core/spec.ts";

/** What is kept of a driver's words. */
const LONGEST = 500;

/**
 * The node of this machine has refused it, for want of room or by a bound that somebody set: none of that shape and type
 * is asked of it until it changes, and what it said is shown. Call it under the node's row lock.
 */
export async function noteFull(tx: Db, machine: string, message: string): Promise<void> {
  const [refused] = await rows<Pick<PoolSpec, "shape" | "instanceType"> & { node: string }>(
    tx,
    sql`select m.node, m.shape, ${specField("instanceType")} as "instanceType"
      from machines m left join pools p on p.name = m.pool where m.id = ${machine}`,
  );
  if (refused === undefined) return;
  const full: FullFor = {
    [nameOfShape(refused.shape, refused.instanceType)]: {
      since: new Date().toISOString(),
      inventory: null,
      message: message.slice(0, LONGEST),
    },
  };
  await tx.execute(sql`update nodes set "full" = "full" || ${json(full)} where name = ${refused.node}`);
}
