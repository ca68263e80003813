import { sql } from "drizzle-orm";
import type { WebhookMessage } from "../../contract/webhook.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { sha256 } from "../core/hash.ts";
import { tell } from "../core/event.ts";
import { holdSeconds, messageBackoffSeconds, RECEIVER_PATIENCE } from "../core/backoff.ts";
import { post, type Posted } from "./post.ts";
import type { Receiver } from "./receiver.ts";

/**
 * Sends what is due, one message after the other. Whoever holds the row of the receiver is the only one to send, over
 * all instances of the edge, so a message is never in flight twice and a receiver in trouble never meets a crowd. A
 * sender that dies holds it for `BUSY_SECONDS`; then what it had in flight may come a second time, with the same id.
 */
const BUSY_SECONDS = 30;
/** A message is given up when it is so old. */
export const GIVE_UP_DAYS = 3;
/** The time limit of one call; the next call continues. */
const SENDING_MS = 20_000;

type Due = { id: string; attempts: number; message: WebhookMessage };

/**
 * @param timeoutMs how long the receiver may take to answer each
 * @returns how many messages the receiver took.
 */
export async function deliver(db: Db, receiver: Receiver, timeoutMs?: number): Promise<number> {
  const url = await sha256(receiver.url);
  const until = Date.now() + SENDING_MS;
  let taken = 0;
  // A message stored while somebody else sent was left to them: look again after letting go.
  while (Date.now() < until && (await anythingDue(db))) {
    const sender = crypto.randomUUID();
    if (!(await hold(db, sender, url))) return taken;
    try {
      taken += await sendDue(db, receiver, { sender, url, until, timeoutMs });
    } finally {
      await db.execute(
        sql`update webhook_receiver set sender = null, busy_until = null where sender = ${sender}`,
      );
    }
  }
  return taken;
}

type Turn = { sender: string; url: string; until: number; timeoutMs: number | undefined };

async function sendDue(db: Db, receiver: Receiver, turn: Turn): Promise<number> {
  let taken = 0;
  while (Date.now() < turn.until) {
    const due = await next(db, turn.sender);
    if (due === undefined) break;
    const posted = await post(receiver, due.id, due.message, turn.timeoutMs);
    await note(db, turn, due, posted);
    if (posted.end === "taken") taken += 1;
  }
  return taken;
}

async function anythingDue(db: Db): Promise<boolean> {
  const due = await rows(
    db,
    sql`select 1 from webhook_messages where ended_at is null and not_before <= now() limit 1`,
  );
  return due.length > 0;
}

/** Takes the receiver's row, unless somebody has it, it is to be left alone, or it wanted no more at this URL. */
async function hold(db: Db, sender: string, url: string): Promise<boolean> {
  const held = await rows(
    db,
    sql`insert into webhook_receiver (sender, busy_until)
      values (${sender}, now() + make_interval(secs => ${BUSY_SECONDS}))
      on conflict ("only") do update set sender = excluded.sender, busy_until = excluded.busy_until, gone = null
        where (webhook_receiver.busy_until is null or webhook_receiver.busy_until < now())
          and (webhook_receiver.hold_until is null or webhook_receiver.hold_until <= now())
          and webhook_receiver.gone is distinct from ${url}
      returning sender`,
  );
  return held.length > 0;
}

/** Whether the receiver at this URL wanted no more messages. Another URL is another receiver. */
export async function isGone(db: Db, receiver: Receiver): Promise<boolean> {
  const url = await sha256(receiver.url);
  const gone = await rows(db, sql`select 1 from webhook_receiver where gone = ${url}`);
  return gone.length > 0;
}

/** The next message, if this sender still has the receiver and the receiver may get one. */
async function next(db: Db, sender: string): Promise<Due | undefined> {
  const [due] = await rows<{ id: string; attempts: number; type: string; data: object; timestamp: string }>(
    db,
    sql`with mine as (
        update webhook_receiver set busy_until = now() + make_interval(secs => ${BUSY_SECONDS})
        where sender = ${sender} and (hold_until is null or hold_until <= now()) returning 1
      )
      update webhook_messages set attempts = attempts + 1
      where exists (select 1 from mine) and id = (
        select id from webhook_messages where ended_at is null and not_before <= now()
        order by attempts, created_at limit 1 for update skip locked)
      returning id, attempts, type, data, ${iso(sql`created_at`)} as timestamp`,
  );
  if (due === undefined) return undefined;
  const { id, attempts, type, data, timestamp } = due;
  // What is stored is of the type it was stored with; the schema holds both against each other in the tests.
  return { id, attempts, message: { type, version: 1, timestamp, data } as WebhookMessage };
}

async function note(db: Db, turn: Turn, due: Due, posted: Posted): Promise<void> {
  const { httpStatus } = posted;
  const error = posted.end === "taken" ? null : posted.error;
  await db.transaction(async (tx) => {
    await tx.execute(sql`
      update webhook_messages set tried_at = now(), http_status = ${httpStatus}, error = ${error} where id = ${due.id}`);
    switch (posted.end) {
      case "taken":
        await tx.execute(sql`
          update webhook_messages set outcome = 'delivered', ended_at = now() where id = ${due.id}`);
        await tx.execute(sql`
          update webhook_receiver set failures = 0, hold_until = null where sender = ${turn.sender}`);
        return;
      case "gone":
        await tx.execute(sql`
          update webhook_receiver set gone = ${turn.url}, failures = 0, hold_until = null where sender = ${turn.sender}`);
        await giveUp(tx, "all", posted.error);
        return;
      case "failed":
        await noteFailure(tx, turn, due, posted);
    }
  });
}

async function noteFailure(
  tx: Db,
  { sender }: Turn,
  { id, attempts }: Due,
  { httpStatus, retryAfterSeconds }: Extract<Posted, { end: "failed" }>,
): Promise<void> {
  const again = Math.max(retryAfterSeconds, messageBackoffSeconds(attempts, Math.random()));
  await tx.execute(sql`
    update webhook_messages set not_before = now() + make_interval(secs => ${again}) where id = ${id}`);
  const [row] = await rows<{ failures: number }>(
    tx,
    sql`update webhook_receiver set failures = ${httpStatus === null ? sql`greatest(failures + 1, ${RECEIVER_PATIENCE})` : sql`failures + 1`}
      where sender = ${sender} returning failures`,
  );
  const wait = Math.max(retryAfterSeconds, holdSeconds(row?.failures ?? 0, Math.random()));
  if (wait === 0) return;
  await tx.execute(sql`
    update webhook_receiver set hold_until = now() + make_interval(secs => ${wait}) where sender = ${sender}`);
}

/** Ends messages that were not taken: all of them, or those that are too old. On record, with how the last try went. */
export async function giveUp(tx: Db, which: "all" | "old", why: string): Promise<number> {
  const old = which === "old" ? sql`and created_at < now() - make_interval(days => ${GIVE_UP_DAYS})` : sql``;
  const ended = await rows<{ id: string; type: string; attempts: number; error: string | null }>(
    tx,
    sql`update webhook_messages set outcome = 'given_up', ended_at = now(), error = coalesce(error, ${why})
      where ended_at is null ${old} returning id, type, attempts, error`,
  );
  for (const { id, type, attempts, error } of ended) {
    await tell(tx, {
      kind: "webhook",
      actor: "system:deliver",
      reason: "undelivered",
      data: { message: id, type, attempts, why, lastError: error },
    });
  }
  return ended.length;
}
