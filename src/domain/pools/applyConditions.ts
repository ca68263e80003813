import { sql } from "drizzle-orm";
import type { PoolCondition } from "../../contract/pool.ts";
import { type Db, rows } from "../../db/client.ts";
import { getPool, listPools } from "./pools.ts";
import { json, tell } from "../core/event.ts";
import { isNotRemoved } from "../core/live.ts";

/**
 * Stores conditions that changed, so that their `since` outlives the moment of asking, and tells of each change in the
 * same transaction: an event and a message for the webhook. A pool whose conditions stand costs no write.
 */
export async function noteConditions(db: Db): Promise<void> {
  const stored = new Map((await readStored(db)).map((row) => [row.name, row.conditions]));
  for (const pool of await listPools(db)) {
    if (changes(stored.get(pool.name) ?? [], pool.conditions).length > 0) await noteChanged(db, pool.name);
  }
}

/**
 * Under the pool's lock and by its state as of then: of two sweeps at once only one finds a change, and a pool that was
 * removed meanwhile has no conditions any more.
 */
async function noteChanged(db: Db, name: string): Promise<void> {
  await db.transaction(async (tx) => {
    const [before] = await readStored(tx, name);
    if (before === undefined) return;
    const { conditions } = await getPool(tx, name);
    const changed = changes(before.conditions, conditions);
    if (changed.length === 0) return;
    await tx.execute(sql`update pools set conditions = ${json(conditions)} where name = ${name}`);
    for (const { now, previous } of changed) {
      await tell(tx, {
        kind: "pool",
        actor: "system:replenish",
        reason: "condition_changed",
        pool: name,
        ...(previous === null ? {} : { before: `${now.type}: ${previous.reason}` }),
        after: `${now.type}: ${now.reason}`,
      });
      const { type, status, reason, since } = now;
      const data = { pool: name, condition: { type, status, reason, since }, previous };
      await tx.execute(
        sql`insert into webhook_messages (type, data) values ('pool.condition', ${json(data)})`,
      );
    }
  });
}

function readStored(db: Db, locked?: string) {
  return rows<{ name: string; conditions: PoolCondition[] }>(
    db,
    locked === undefined
      ? sql`select name, conditions from pools`
      : sql`select name, conditions from pools where name = ${locked} and ${isNotRemoved()} for no key update`,
  );
}

type Change = { now: PoolCondition; previous: Pick<PoolCondition, "status" | "reason"> | null };

function changes(before: readonly PoolCondition[], after: readonly PoolCondition[]): Change[] {
  return after.flatMap((now) => {
    const was = before.find((condition) => condition.type === now.type);
    if (was?.status === now.status && was.reason === now.reason) return [];
    return [{ now, previous: was === undefined ? null : { status: was.status, reason: was.reason } }];
  });
}
