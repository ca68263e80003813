import { sql } from "drizzle-orm";
import { type Db, rows } from "../db/client.ts";
import { noteConditions } from "../pool/noteConditions.ts";
import { expireMachines } from "../pool/rollout.ts";
import { replenish as replenishPool } from "../pool/provision.ts";

/** Makes stale what is past its time, fills every pool to its target, and notes what its conditions are now. */
export async function replenish(db: Db): Promise<number> {
  const pools = await rows<{ name: string }>(db, sql`select name from pools order by name`);
  await expireMachines(db);
  let created = 0;
  for (const { name } of pools) created += (await replenishPool(db, name, "system:replenish")).created;
  await noteConditions(db);
  return created;
}
