import * as z from "zod";
import { moment } from "./names.ts";

/**
 * What happened to the webhook's messages. Of what the receiver answered, its status is kept and nothing of its body; of
 * its address only the origin is shown, because path and query may hold a secret.
 */

/** How many of the latest messages. */
export const webhookGetInput = z.strictObject({ limit: z.int().min(1).max(500).default(50) });

/** One message, as it was delivered. */
export const webhookDelivery = z
  .strictObject({
    /** What the receiver gets as `webhook-id`. */
    id: z.string().describe("The `webhook-id` of the message."),
    type: z.string(),
    pool: z.string().nullable(),
    username: z.string().nullable(),
    state: z.enum(["pending", "delivered", "given_up"]),
    attempts: z.int(),
    /** Of the last attempt. */
    httpStatus: z.int().nullable(),
    /** Of the last attempt. */
    error: z.string().nullable(),
    createdAt: moment,
    triedAt: moment.nullable(),
    nextAttemptAt: moment.nullable(),
  })
  .meta({ id: "WebhookDelivery" });
export type WebhookDelivery = z.infer<typeof webhookDelivery>;

/** Where messages go and how that is going, and the latest of them: those tried last come first. */
export const webhookView = z
  .strictObject({
    receiver: z
      .strictObject({
        origin: z.string().nullable(),
        problem: z.string().nullable(),
        pausedUntil: moment.nullable(),
        gone: z.boolean(),
      })
      .nullable(),
    pending: z.int(),
    deliveries: z.array(webhookDelivery),
  })
  .meta({ id: "Webhook" });
export type WebhookView = z.infer<typeof webhookView>;
