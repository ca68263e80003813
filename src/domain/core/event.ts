import { type SQL, sql } from "drizzle-orm";
import type { EventKind } from "../../contract/event.ts";
import type { Db } from "../../db/client.ts";
import type { Actor, Reason } from "./reasons.ts";

/** The fields of every event, except its subject. */
export type Told = {
  actor: Actor;
  reason: Reason;
  /** Additional data, such as causes and numbers. Nothing secret. */
  data?: Record<string, unknown>;
};

/** An event that is not a change of state. */
export async function tell(
  db: Db,
  told: Told & {
    kind: EventKind;
    pool?: string | null;
    node?: string;
    machine?: string;
    assignment?: string;
    operation?: string;
    /** The old and the new value, if they are more than a state. */
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

/** The columns `before` and `after` contain states; other values are members of `data`. */
function dataOf({ data, before, after }: { data?: object; before?: unknown; after?: unknown }) {
  const more = Object.entries({ before, after }).filter(([, part]) => state(part) === null && part != null);
  return more.length === 0 ? data : { ...data, ...Object.fromEntries(more) };
}

const state = (value: unknown) => (typeof value === "string" ? value : null);

/**
 * A value as a jsonb parameter, without characters that Postgres cannot store in a text (NUL, lone surrogates). The parameter
 * itself is a text: one of type jsonb may be encoded a second time by the driver, and is then stored as a string.
 */
export function json(value: unknown): SQL {
  if (value === undefined || value === null) return sql`null::jsonb`;
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === "string" ? part.replaceAll("\0", "").toWellFormed() : part,
  );
  return sql`${text}::text::jsonb`;
}
