import { sql } from "drizzle-orm";
import { type Db, rows } from "../db/client.ts";
import { match as matchPool } from "../domain/assignments/match.ts";

/** Pairs those who wait with what is ready, in case the process that should have done so died. */
export async function match(db: Db): Promise<number> {
  const pools = await rows<{ pool: string }>(
    db,
    sql`select distinct pool from assignments where state = 'waiting'`,
  );
  let paired = 0;
  for (const { pool } of pools) paired += await matchPool(db, pool, "system:match");
  return paired;
}
