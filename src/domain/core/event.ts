import { type SQL, sql } from "drizzle-orm";
import type { EventKind } from "../../contract/event.ts";
import type { Db } from "../../db/client.ts";
import type { Actor, Reason } from "./reasons.ts";

/** What every event says, besides what it is about. */
export type Told = {
  actor: Actor;
  reason: Reason;
  /** More for the event: causes, numbers. Nothing secret. */
  data?: Record<string, unknown>;
};

/** An event about something that is no change of state. */
export async function tell(
  db: Db,
  told: Told & {
    kind: EventKind;
    pool?: string | null;
    node?: string;
    machine?: string;
    assignment?: string;
    operation?: string;
    /** What it was and what it is now, where that is more than a state. */
    before?: unknown;
    after?: unknown;
  },
): Promise<void> {
  await db.execute(sql`
    insert into events (kind, actor, reason, pool, node, machine, assignment, operation, before, after, data)
    values (${told.kind}, ${told.actor}, ${told.reason}, ${told.pool ?? null}, ${told.node ?? null},
      ${told.machine ?? null}, ${told.assignment ?? null}, ${told.operation ?? null},
      ${state(told.before)}, ${state(told.after)}, ${json(dataOf(told))})`);
}

/** The columns `before` and `after` hold states; of anything else they are members of `data`. */
function dataOf({ data, before, after }: { data?: object; before?: unknown; after?: unknown }) {
  const more = Object.entries({ before, after }).filter(([, part]) => state(part) === null && part != null);
  return more.length === 0 ? data : { ...data, ...Object.fromEntries(more) };
}

const state = (value: unknown) => (typeof value === "string" ? value : null);

/** A value as a jsonb parameter. What Postgres cannot store in a text (NUL, half a character) is left out of it. */
export function json(value: unknown): SQL {
  if (value === undefined || value === null) return sql`null::jsonb`;
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === "string" ? part.replaceAll("\0", "").toWellFormed() : part,
  );
  return sql`${text}::jsonb`;
}
