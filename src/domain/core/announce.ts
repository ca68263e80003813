import { type SQL, sql } from "drizzle-orm";
import type { AssignmentState } from "../../contract/assignment.ts";
import { iso } from "../../db/client.ts";

/** An assignment as a message names it, from a row of `assignments`. */
const subject = sql`jsonb_build_object('assignment',
  jsonb_build_object('id', id, 'pool', pool, 'username', username, 'externalId', external_id))`;

/**
 * A further common table expression for assignments that `moved`: the message of it, stored by the statement that
 * moves them. Nothing where no message is sent for that state. What set-up has said stays out of it.
 */
export function announcing(to: AssignmentState): SQL {
  if (to === "active") {
    return sql`, announced as (
      insert into webhook_messages (type, data) select 'assignment.active', ${subject} from moved)`;
  }
  if (to === "failed") {
    return sql`, announced as (
      insert into webhook_messages (type, data)
      select 'assignment.failed', ${subject} || jsonb_build_object('error',
        jsonb_strip_nulls(jsonb_build_object('code', error -> 'code', 'step', error -> 'step'))) from moved)`;
  }
  return sql``;
}

/** A common table expression: the message of each assignment of the given one that ends soon. */
export function announceExpiring(expiring: SQL): SQL {
  return sql`announced as (
    insert into webhook_messages (type, data)
    select 'assignment.expiring', ${subject} || jsonb_build_object('state', state,
      'expiresAt', ${iso(sql`expires_at`)}) from ${expiring})`;
}

/** Stores a message of each that waits for longer than `seconds` and was not told of yet. */
export function announceWaiting(seconds: SQL): SQL {
  return sql`
    insert into webhook_messages (type, data, once)
    select 'assignment.waiting',
      ${subject} || jsonb_build_object('since', ${iso(sql`created_at`)}),
      'waiting ' || id
    from assignments
    where state = 'waiting' and created_at < now() - make_interval(secs => ${seconds})
    on conflict (once) do nothing returning id`;
}
