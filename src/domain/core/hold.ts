import { type SQL, sql } from "drizzle-orm";
import { iso } from "../../db/client.ts";
import type { Actor } from "./reasons.ts";

/** The column that a move to `held` sets too: by whom and why, which every view of the machine shows. */
export function heldBy(actor: Actor, note: string | null): SQL {
  return sql`hold = jsonb_build_object('by', ${actor}::text, 'at', ${iso(sql`now()`)}, 'note', ${note}::text)`;
}
