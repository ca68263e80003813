import { sql } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import { tellLateKeys } from "../assignments/lateKeys.ts";
import { callOffCreates, callOffRestarts, swapStranded } from "../assignments/stranded.ts";
import { bySweep, change } from "../core/change.ts";
import { moveNodes } from "../core/nodeMoves.ts";
import { isUnheard } from "../core/nodeSilence.ts";

/** What became of silent nodes: how many turned silent, and how much of their work was taken off them. */
export type Silenced = {
  silent: number;
  swapped: number;
  restartsCalledOff: number;
  createsCalledOff: number;
  lateKeys: number;
};

/**
 * Marks nodes that were not heard as silent: their machines cannot be claimed, and nothing else happens to them. Testers
 * whose set-up there nobody has begun get another machine, and restarts and creates that nobody has begun are called off.
 * Keys that do not get to their machines are reported.
 */
export async function silence(db: Db): Promise<Silenced> {
  return {
    silent: await markSilent(db),
    swapped: await swapStranded(db),
    restartsCalledOff: await callOffRestarts(db),
    createsCalledOff: await callOffCreates(db),
    lateKeys: await tellLateKeys(db),
  };
}

async function markSilent(db: Db): Promise<number> {
  const why = { actor: "system:silence", reason: "not_heard" } as const;
  const silent = await change(db, why.actor, bySweep, (tx) =>
    moveNodes(tx, isUnheard(sql`nodes`), { ...why, to: "silent" }),
  );
  return silent.length;
}
