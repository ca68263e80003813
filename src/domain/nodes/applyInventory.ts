import { sql } from "drizzle-orm";
import type { Inventory } from "../../contract/node.ts";
import { type Db, rows } from "../../db/client.ts";
import type { FullFor } from "../../db/tables/nodes.ts";
import { pictureOf, stillFull } from "../capacity/refusals.ts";
import { keptOf } from "./inventory.ts";
import { lockNodes } from "../core/locks.ts";
import { json } from "../core/event.ts";
import { isLiveMachine } from "../core/live.ts";

/** Stores the part of an inventory that placement needs, and clears refusals if the node has changed since. */
export async function reportInventory(db: Db, node: string, inventory: Inventory): Promise<void> {
  await db.transaction(async (tx) => {
    await lockNodes(tx, sql`n.name = ${node}`);
    const [before] = await rows<{ full: FullFor; settled: boolean; known: string[] }>(
      tx,
      sql`select n."full", coalesce((select jsonb_agg(m.name) from machines m
            where m.node = n.name and ${isLiveMachine(sql`m`)}), '[]') as known,
          not exists (select 1 from machines m
          where m.node = n.name and m.state in ('provisioning', 'deleting')) as settled
        from nodes n where n.name = ${node}`,
    );
    if (before === undefined) return;
    const kept = keptOf(inventory, new Set(before.known));
    const full = stillFull(before.full, await pictureOf(kept), before.settled);
    await tx.execute(sql`
      update nodes set inventory = ${json(kept)}, inventory_at = now(),
        driver_concurrency = ${inventory.concurrency ?? null}::int, "full" = ${json(full)}
      where name = ${node}`);
  });
}
