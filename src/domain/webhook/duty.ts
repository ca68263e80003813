import { sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { announceWaiting } from "../core/announce.ts";
import { KEPT } from "../core/retention.ts";
import { settingOf } from "../core/settings.ts";
import { deliver, GIVE_UP_DAYS, giveUp, isGone } from "./deliver.ts";
import type { WebhookSetting } from "./receiver.ts";

export type Delivered = { announced: number; delivered: number; givenUp: number; dropped: number };

/**
 * Tells the webhook's receiver what is due, who waits too long among it, and gives up what is too old.
 * @throws Error where the webhook's settings are wrong, so that health says so.
 */
export async function deliverAll(db: Db, webhook: WebhookSetting): Promise<Delivered> {
  if (webhook !== null && "problem" in webhook) throw new Error(webhook.problem);
  const givenUp = await db.transaction((tx) => giveUp(tx, "old", `not accepted within ${GIVE_UP_DAYS} days`));
  if (webhook === null || (await isGone(db, webhook)))
    return { announced: 0, delivered: 0, givenUp, dropped: await drop(db) };
  const waiting = await rows(db, announceWaiting(settingOf("waitingTooLongSeconds")));
  return { announced: waiting.length, delivered: await deliver(db, webhook), givenUp, dropped: 0 };
}

/**
 * Nobody wants to be told: what nobody tried to send goes, a while later, so that an instance which got its settings
 * late loses nothing.
 */
async function drop(db: Db): Promise<number> {
  const dropped = await rows(
    db,
    sql`delete from webhook_messages
      where ended_at is null and attempts = 0 and created_at < now() - interval '10 minutes' returning id`,
  );
  return dropped.length;
}

/** Forgets messages after `eventRetentionDays`. @returns how many. */
export async function pruneMessages(db: Db): Promise<number> {
  const messages = await rows(db, sql`delete from webhook_messages where ended_at < ${KEPT} returning id`);
  return messages.length;
}
