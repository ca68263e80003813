import type { Db } from "../db/client.ts";
import { queueProbes } from "../domain/health/schedule.ts";

/** Hands a probe to every node that is heard. Its answers are judged when they come, not at the next sweep. */
export function probe(db: Db): Promise<number> {
  return queueProbes(db);
}
