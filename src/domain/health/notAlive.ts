import { type SQL, sql } from "drizzle-orm";
import type { NotAlive } from "../../db/tables/nodes.ts";
import { SETTINGS } from "../core/limits.ts";

/** What was last heard from the machine `m` of a node `n`, for statements; null if it was alive, or not asked yet. */
export const NOT_ALIVE: SQL = sql`(n.not_alive -> m.id::text)`;

/** One part of it, as text. */
export function notAlive(part: keyof NotAlive): SQL {
  return sql`(${NOT_ALIVE} ->> ${sql.raw(`'${part}'`)})`;
}

/** Its node, which is heard, does not have it. */
export const IS_ABSENT: SQL = sql`coalesce(${notAlive("down")} = 'absent', false)`;

/** It did not answer its node's last probe. */
export const IS_DEAD: SQL = sql`coalesce(${notAlive("answer")} = 'dead', false)`;

/** It has not answered for longer than a restart takes. */
export const IS_DEAD_FOR_LONG: SQL = sql`(${IS_DEAD} and ${notAlive("since")}::timestamptz
  < now() - make_interval(secs => ${SETTINGS.standstillSeconds}))`;
