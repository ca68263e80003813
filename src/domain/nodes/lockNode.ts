import { sql } from "drizzle-orm";
import type { NodeScheduling } from "../../contract/node.ts";
import { type Db, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { isLiveNode } from "../core/live.ts";

/** Locks the row of a node that is not removed. @throws WarmpoolError NOT_FOUND. */
export async function lockNode(tx: Db, name: string): Promise<{ scheduling: NodeScheduling }> {
  const [node] = await rows<{ scheduling: NodeScheduling }>(
    tx,
    sql`select scheduling from nodes where name = ${name} and ${isLiveNode()} for no key update`,
  );
  if (node === undefined) throw unknownNode(name);
  return node;
}

export function unknownNode(name: string): WarmpoolError {
  return new WarmpoolError("NOT_FOUND", `there is no node named ${name}`);
}
