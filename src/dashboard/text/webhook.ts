import type { WebhookDelivery, WebhookView } from "../../contract/webhookDelivery.ts";

/** The webhook in words. Pure. */

export type Note = { tone: "good" | "warn" | "bad"; text: string };

/** What is wrong with the receiver; null if nothing is, or there is none. */
export function receiverTrouble(receiver: WebhookView["receiver"]): Note | null {
  if (receiver === null) return null;
  const { problem, gone, pausedUntil } = receiver;
  if (problem !== null) return { tone: "bad", text: `The settings are wrong: ${problem}.` };
  if (gone)
    return {
      tone: "bad",
      text: "The receiver responded with 410, so nothing is sent to this URL any more. To start again, add a fragment (#2) to WARMPOOL_WEBHOOK_URL.",
    };
  if (pausedUntil !== null)
    return { tone: "warn", text: "The receiver fails, so messages are held back for a while." };
  return null;
}

/** Why no test can be sent; null if one can. */
export function testRefused(receiver: WebhookView["receiver"]): string | null {
  if (receiver === null) return "no webhook is configured";
  if (receiver.problem !== null) return "the settings are wrong";
  return receiver.gone ? "the receiver responded with 410" : null;
}

/** What a test has shown. */
export function testText({ state, httpStatus, error }: WebhookDelivery): Note {
  return state === "delivered"
    ? { tone: "good", text: `The receiver accepted the test message: it responded with ${httpStatus}.` }
    : { tone: "bad", text: `The test message was not accepted: ${error}.` };
}
