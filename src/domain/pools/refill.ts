import type { Db } from "../../db/client.ts";
import { refillEvery } from "../supply/refill.ts";
import { expireMachines } from "../supply/rollout.ts";
import { noteConditions } from "./applyConditions.ts";

/** Makes stale what is past its time, fills every pool to its target, and notes what the pools' conditions are now. */
export async function refillPools(db: Db): Promise<{ created: number }> {
  await expireMachines(db);
  const created = await refillEvery(db, "system:replenish");
  await noteConditions(db);
  return { created };
}
