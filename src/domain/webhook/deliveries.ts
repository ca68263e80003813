import { type SQL, sql } from "drizzle-orm";
import type { WebhookDelivery, WebhookView } from "../../contract/webhookDelivery.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { isGone } from "./deliver.ts";
import type { Receiver, WebhookSetting } from "./receiver.ts";

/** What a person is shown of the webhook: where it goes, and what happened to its latest messages. */
export async function getWebhook(db: Db, webhook: WebhookSetting, limit: number): Promise<WebhookView> {
  const receiver = webhook === null || "problem" in webhook ? null : webhook;
  const [queue] = await rows<{ pending: number; pausedUntil: string | null }>(
    db,
    sql`select (select count(*)::int from webhook_messages where ended_at is null) as pending,
      (select ${iso(sql`hold_until`)} from webhook_receiver where hold_until > now()) as "pausedUntil"`,
  );
  const gone = receiver !== null && (await isGone(db, receiver));
  return {
    receiver:
      webhook === null
        ? null
        : {
            origin: receiver === null ? null : originOf(receiver),
            problem: "problem" in webhook ? webhook.problem : null,
            pausedUntil: receiver === null ? null : (queue?.pausedUntil ?? null),
            gone,
          },
    pending: queue?.pending ?? 0,
    deliveries: await readDeliveries(
      db,
      sql`true order by coalesce(m.tried_at, m.created_at) desc, m.id limit ${limit}`,
      receiver !== null && !gone,
    ),
  };
}

/** The message with that id, as `getWebhook` shows it. */
export async function readDelivery(db: Db, id: string): Promise<WebhookDelivery | undefined> {
  const [delivery] = await readDeliveries(db, sql`m.id = ${id}`, true);
  return delivery;
}

function readDeliveries(db: Db, which: SQL, isSending: boolean): Promise<WebhookDelivery[]> {
  return rows<WebhookDelivery>(
    db,
    sql`select m.id, m.type, coalesce(m.data #>> '{assignment,pool}', m.data ->> 'pool') as pool,
        m.data #>> '{assignment,username}' as username, coalesce(m.outcome, 'pending') as state,
        m.attempts, m.http_status as "httpStatus", m.error, ${iso(sql`m.created_at`)} as "createdAt",
        ${iso(sql`m.tried_at`)} as "triedAt",
        case when ${isSending} and m.ended_at is null
          then ${iso(sql`greatest(m.not_before, r.hold_until)`)} end as "nextAttemptAt"
      from webhook_messages m left join webhook_receiver r on true
      where ${which}`,
  );
}

/** Path and query may hold a secret, and the fragment is never sent. */
function originOf({ url }: Receiver): string {
  return new URL(url).origin;
}
