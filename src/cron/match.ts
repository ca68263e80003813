import type { Db } from "../db/client.ts";
import { matchEvery } from "../domain/assignments/match.ts";

/** Pairs those who wait with what is ready, in case the process that should have done so died. */
export function match(db: Db): Promise<number> {
  return matchEvery(db, "system:match");
}
