import { sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { tellLateKeys } from "../domain/assignments/lateKeys.ts";
import { bySweep, change } from "../domain/core/change.ts";
import { callOffCreates, callOffRestarts, swapStranded } from "../domain/assignments/stranded.ts";
import { moveNodes } from "../domain/core/nodeMoves.ts";
import { isUnheard } from "../domain/core/nodeSilence.ts";

/**
 * Marks nodes that were not heard as silent: their machines cannot be claimed, and nothing else happens to them. Testers
 * whose set-up there nobody has begun get another machine, and restarts and creates that nobody has begun are called off.
 * Keys that do not get to their machines are reported.
 */
export async function silence(db: Db): Promise<number> {
  const silent = await markSilent(db);
  const calledOff = (await swapStranded(db)) + (await callOffRestarts(db)) + (await callOffCreates(db));
  return silent + calledOff + (await tellLateKeys(db));
}

async function markSilent(db: Db): Promise<number> {
  const why = { actor: "system:silence", reason: "not_heard" } as const;
  const silent = await change(db, why.actor, bySweep, (tx) =>
    moveNodes(tx, isUnheard(sql`nodes`), { ...why, to: "silent" }),
  );
  return silent.length;
}
