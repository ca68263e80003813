import type { Db } from "../db/client.ts";
import { takeSamples, thinSamples } from "../domain/metrics/sample.ts";

/** Takes a sample of every pool for the charts, once a minute, and thins out those that are older than a day. */
export async function sample(db: Db): Promise<number> {
  return (await takeSamples(db)) + (await thinSamples(db));
}
