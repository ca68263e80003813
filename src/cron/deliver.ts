import { sql } from "drizzle-orm";
import { type Db, rows } from "../db/client.ts";
import { announceWaiting } from "../domain/core/announce.ts";
import { settingOf } from "../domain/core/settings.ts";
import { deliver as deliverDue, GIVE_UP_DAYS, giveUp, isGone } from "../domain/webhook/deliver.ts";
import type { WebhookSetting } from "../domain/webhook/receiver.ts";

/**
 * Tells the webhook's receiver what is due, who waits too long among it, and gives up what is too old.
 * @throws Error where the webhook's settings are wrong, so that health says so.
 */
export async function deliver(db: Db, webhook: WebhookSetting): Promise<number> {
  if (webhook !== null && "problem" in webhook) throw new Error(webhook.problem);
  const old = await db.transaction((tx) => giveUp(tx, "old", `not accepted within ${GIVE_UP_DAYS} days`));
  if (webhook === null || (await isGone(db, webhook))) return old + (await drop(db));
  const waiting = await rows(db, announceWaiting(settingOf("waitingTooLongSeconds")));
  return waiting.length + old + (await deliverDue(db, webhook));
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
