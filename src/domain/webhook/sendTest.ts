import { sql } from "drizzle-orm";
import type { WebhookMessage } from "../../contract/webhook.ts";
import type { WebhookDelivery } from "../../contract/webhookDelivery.ts";
import { type Db, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { json, tell } from "../core/event.ts";
import type { Actor } from "../core/reasons.ts";
import { isGone } from "./deliver.ts";
import { readDelivery } from "./deliveries.ts";
import { post } from "./post.ts";
import type { Receiver, WebhookSetting } from "./receiver.ts";

/**
 * Sends a message without content and returns its result. It is sent immediately, even if other messages are held back,
 * and only once. It is signed like the others, and changes nothing for them.
 * @returns what happened to it, also if the receiver did not accept it.
 * @throws WarmpoolError CONFLICT if there is nobody to send it to.
 */
export async function sendTest(db: Db, webhook: WebhookSetting, actor: Actor): Promise<WebhookDelivery> {
  const receiver = await receiverOf(db, webhook);
  const id = crypto.randomUUID();
  const message: WebhookMessage = {
    type: "webhook.test",
    version: 1,
    timestamp: new Date().toISOString(),
    data: {},
  };
  const posted = await post(receiver, id, message);
  const { httpStatus } = posted;
  const error = posted.end === "taken" ? null : posted.error;
  return db.transaction(async (tx) => {
    await rows(
      tx,
      sql`insert into webhook_messages (id, type, data, created_at, attempts, tried_at, http_status, error, outcome, ended_at)
        values (${id}, ${message.type}, ${json(message.data)}, ${message.timestamp}, 1, now(), ${httpStatus}, ${error},
          ${error === null ? "delivered" : "given_up"}, now())`,
    );
    await tell(tx, {
      kind: "webhook",
      actor,
      reason: "webhook_tested",
      data: { message: id, httpStatus, error },
    });
    const delivery = await readDelivery(tx, id);
    if (delivery === undefined) throw new Error(`the message ${id} is not there after it was stored`);
    return delivery;
  });
}

async function receiverOf(db: Db, webhook: WebhookSetting): Promise<Receiver> {
  if (webhook === null)
    throw new WarmpoolError(
      "CONFLICT",
      "no webhook is configured; set WARMPOOL_WEBHOOK_URL and WARMPOOL_WEBHOOK_SECRET for the edge",
    );
  if ("problem" in webhook) throw new WarmpoolError("CONFLICT", webhook.problem);
  if (await isGone(db, webhook))
    throw new WarmpoolError(
      "CONFLICT",
      "the receiver responded with 410, so nothing is sent to this URL any more; to start again, add a fragment (#2) to WARMPOOL_WEBHOOK_URL",
    );
  return webhook;
}
