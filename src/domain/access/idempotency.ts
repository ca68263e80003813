import { sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { SETTINGS } from "../core/limits.ts";
import { json } from "../core/event.ts";

/**
 * Requests that carry a key are done once: who comes first takes the key, and its answer is given to all who come
 * later with the same request. Whoever took a key and died leaves it taken for `idempotencyTakenSeconds`; after that
 * the request is done again, so everything behind a key has to bear that.
 */
export type KeyedRequest = {
  /** Whose key it is: keys of two tokens never meet. */
  holder: string;
  key: string;
  /** Equal for the same request. */
  fingerprint: string;
};

export type StoredAnswer = { status: number; body: unknown };

export type Taking =
  | { outcome: "taken" }
  | { outcome: "answered"; answer: StoredAnswer }
  /** The same request is being done at this moment. */
  | { outcome: "busy" }
  /** The key belongs to another request. */
  | { outcome: "other" };

/** Takes the key, or says who has it. */
export async function takeKey(db: Db, request: KeyedRequest): Promise<Taking> {
  const { holder, key, fingerprint } = request;
  const taken = await rows(
    db,
    sql`insert into idempotency_keys as k (holder, key, fingerprint) values (${holder}, ${key}, ${fingerprint})
      on conflict (holder, key) do update
        set fingerprint = excluded.fingerprint, taken_at = now(), status = null, body = null
        where k.taken_at < now() - make_interval(hours => ${SETTINGS.idempotencyKeepHours})
          or (k.status is null and k.fingerprint = excluded.fingerprint
            and k.taken_at < now() - make_interval(secs => ${SETTINGS.idempotencyTakenSeconds}))
      returning key`,
  );
  if (taken.length > 0) return { outcome: "taken" };
  const [row] = await rows<{ fingerprint: string; status: number | null; body: unknown }>(
    db,
    sql`select fingerprint, status, body from idempotency_keys where holder = ${holder} and key = ${key}`,
  );
  if (row === undefined) return { outcome: "busy" };
  if (row.fingerprint !== fingerprint) return { outcome: "other" };
  return row.status === null
    ? { outcome: "busy" }
    : { outcome: "answered", answer: { status: row.status, body: row.body } };
}

/** Stores the response for repeated requests. */
export async function keepAnswer(db: Db, request: KeyedRequest, answer: StoredAnswer): Promise<void> {
  await db.execute(
    sql`update idempotency_keys set status = ${answer.status}, body = ${json(answer.body)}
      where holder = ${request.holder} and key = ${request.key} and fingerprint = ${request.fingerprint}
        and status is null`,
  );
}

/** Gives the key back: nothing was done under it. */
export async function dropKey(db: Db, request: KeyedRequest): Promise<void> {
  await db.execute(
    sql`delete from idempotency_keys where holder = ${request.holder} and key = ${request.key}
      and fingerprint = ${request.fingerprint} and status is null`,
  );
}

/** Forgets keys that are older than they are promised to be kept. */
export async function pruneKeys(db: Db): Promise<number> {
  const gone = await rows(
    db,
    sql`delete from idempotency_keys where (holder, key) in (
      select holder, key from idempotency_keys
      where taken_at < now() - make_interval(hours => ${SETTINGS.idempotencyKeepHours}) limit 5000)
      returning key`,
  );
  return gone.length;
}
