import type { Db } from "../db/client.ts";
import { noteConditions } from "../domain/pools/applyConditions.ts";
import { refillEvery } from "../domain/supply/refill.ts";
import { expireMachines } from "../domain/supply/rollout.ts";

/** Makes stale what is past its time, fills every pool to its target, and notes what the pools' conditions are now. */
export async function replenish(db: Db): Promise<number> {
  await expireMachines(db);
  const created = await refillEvery(db, "system:replenish");
  await noteConditions(db);
  return created;
}
