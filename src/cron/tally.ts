import type { Db } from "../db/client.ts";
import { rollUp } from "../domain/metrics/tally.ts";

/** Adds what happened since the last time to the counters and histograms of `GET /metrics`. */
export function tally(db: Db): Promise<number> {
  return rollUp(db);
}
