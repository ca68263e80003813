import { type SQL, sql } from "drizzle-orm";
import type { Assignment } from "../../contract/assignment.ts";
import { SETTINGS } from "../core/limits.ts";

/** How a set-up stands that no relay has taken up; src/domain/operations/takeOver.ts does something about it. */

/** For how long the set-up `o` could have been taken up, in seconds. */
export const leftFor = sql`extract(epoch from now() - greatest(o.created_at, o.not_before))::float8`;

/** How a set-up stands that waits for a relay. */
export type Unbegun = { leftSeconds: number; heardSeconds: number | null };

/** That of the assignment `a`, on a node `n`, as jsonb; null where it is begun. */
export const UNBEGUN: SQL = sql`case when a.state = 'setting_up' then (
  select jsonb_build_object('leftSeconds', ${leftFor}, 'heardSeconds', extract(epoch from now() - n.last_seen_at))
  from operations o where o.machine = a.machine and o.kind = 'setup' and o.state = 'queued' and o.first_leased_at is null
    and o.not_before <= now()) end`;

/** Times in a message go in such steps: whoever watches is told of each change of it. */
const STEP_SECONDS = 10;

/** Why a set-up has not begun, for its tester; null while that is no wonder. Pure. */
export function unbegunError({ leftSeconds, heardSeconds }: Unbegun): Assignment["error"] {
  if (leftSeconds < SETTINGS.unbegunSeconds) return null;
  const then = "the set-up waits for its relay. Wait, or release and assign again.";
  if (heardSeconds === null || heardSeconds < SETTINGS.unbegunSeconds)
    return { code: "node_busy", message: `Its node is online but busy: ${then}` };
  const seconds = Math.floor(heardSeconds / STEP_SECONDS) * STEP_SECONDS;
  return { code: "node_quiet", message: `Its node was last heard ${seconds} s ago: ${then}` };
}
