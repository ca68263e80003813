import { type SQL, sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import type { DriverProblems } from "../../db/tables/nodes.ts";
import { tell } from "../core/event.ts";

/**
 * What a node's relay heard from its driver: whether it answers the two questions that it is asked all the time. Each is
 * kept by itself, so that the one that works does not hide the one that fails.
 */

/** The problem of a node `n` as the contract defines it: the one that has lasted longest; null if there is none. */
export const DRIVER_PROBLEM: SQL = sql`(
  select jsonb_build_object('message', d.value -> 'message', 'since', d.value -> 'since')
  from jsonb_each(n.driver_problems) d order by d.value ->> 'since' limit 1)`;

/** Stores the driver's error for that kind of call, null if it succeeded; writes an event when its problems begin or end. */
export async function noteDriver(
  db: Db,
  node: string,
  question: keyof DriverProblems,
  problem: string | null,
): Promise<void> {
  const known = problem === null ? sql`driver_problems ? ${question}` : sql`true`;
  const next =
    problem === null
      ? sql`driver_problems - ${question}::text`
      : sql`driver_problems || jsonb_build_object(${question}::text, jsonb_build_object('message', ${problem}::text,
          'since', coalesce(driver_problems -> ${question} -> 'since',
            to_jsonb(to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))))`;
  await db.transaction(async (tx) => {
    const [row] = await rows<{ was: boolean; is: boolean }>(
      tx,
      sql`with before as (select name, driver_problems <> '{}' as was from nodes
          where name = ${node} and ${known} for no key update)
        update nodes set driver_problems = ${next} from before where nodes.name = before.name
        returning before.was, nodes.driver_problems <> '{}' as is`,
    );
    if (row === undefined || row.was === row.is) return;
    const reason = row.is ? "driver_down" : "driver_up";
    await tell(tx, {
      kind: "node",
      actor: `node:${node}`,
      reason,
      node,
      data: { question, message: problem },
    });
  });
}
