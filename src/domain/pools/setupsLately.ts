import { sql } from "drizzle-orm";
import type { SetupsLately, Statement } from "./facts.ts";

/** A single failure may be due to one tester's parameter; this many are due to the recipe or the machines. */
const FAILING = { atLeast: 2, share: 0.5 };

/**
 * How the set-ups of a pool (alias `p`) ended in the last hour, by tester: who failed and was retried well has not failed, and
 * who was released after a failure has. Whoever asked more than six hours ago is not read: the index goes by the asking.
 */
export const setupsOfPool = sql`(
  select jsonb_build_object('ended', count(*), 'failed', count(l.failed_at),
      'recipes', coalesce(jsonb_agg(distinct l.recipe) filter (where l.failed_at is not null), '[]'),
      'last', (array_agg(jsonb_build_object('username', l.username, 'message', coalesce(l.error ->> 'message', 'no cause was given'))
        order by l.failed_at desc) filter (where l.failed_at is not null))[1])
  from assignments l where l.pool = p.name and l.created_at > now() - interval '6 hours'
    and coalesce(l.failed_at, l.active_at) > now() - interval '1 hour')`;

/** Whether set-ups come to a good end. Pure. */
export function setupsWork({ ended, failed, recipes, last }: SetupsLately): Statement<"SetupsWork"> {
  if (failed < FAILING.atLeast || failed < ended * FAILING.share) {
    const all = ended === 0 ? "none has finished" : `${ended - failed} of ${ended} succeeded`;
    return { status: true, reason: "SetupsSucceed", message: `set-ups of the last hour: ${all}` };
  }
  const of = recipes.length === 0 ? "" : ` (recipe ${recipes.join(", ")})`;
  const said = last === null ? "" : `, the last one of ${last.username}: ${last.message}`;
  return {
    status: false,
    reason: "SetupsFailing",
    message: `${failed} of ${ended} set-ups that ended in the last hour failed${of}${said}; \`warmpool log ${last?.username ?? "USER"}\` shows what it said`,
  };
}
