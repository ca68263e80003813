import type { WebhookMessage } from "../../contract/webhook.ts";
import type { Receiver } from "./receiver.ts";
import { sign } from "./sign.ts";

/** How long the receiver may take to answer. */
const TIMEOUT_MS = 10_000;

const GONE = "the receiver responded with 410: it accepts no more messages at this URL";

export type Posted =
  | { end: "taken"; httpStatus: number }
  /** 410: it wants no message any more. */
  | { end: "gone"; httpStatus: number; error: string }
  /** `httpStatus` is null if there was no response: the next message would fail too. */
  | { end: "failed"; httpStatus: number | null; error: string; retryAfterSeconds: number };

/** Sends one message, signed with each secret, as https://www.standardwebhooks.com has it. Never throws. */
export async function post(
  receiver: Receiver,
  id: string,
  message: WebhookMessage,
  timeoutMs = TIMEOUT_MS,
): Promise<Posted> {
  const body = JSON.stringify(message);
  const timestamp = Math.floor(Date.now() / 1000);
  try {
    const signatures = await Promise.all(receiver.secrets.map((secret) => sign(secret, id, timestamp, body)));
    const response = await fetch(receiver.url, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        "user-agent": "Warmpool",
        "webhook-id": id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": signatures.join(" "),
      },
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    return judge(response);
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    const what = late ? `did not respond within ${timeoutMs / 1000} s` : "could not be reached";
    return { end: "failed", httpStatus: null, error: `the receiver ${what}`, retryAfterSeconds: 0 };
  }
}

function judge({ status, ok, headers }: Response): Posted {
  if (ok) return { end: "taken", httpStatus: status };
  if (status === 410) return { end: "gone", httpStatus: status, error: GONE };
  const redirect = status >= 300 && status < 400;
  const why = redirect
    ? "; redirects are not followed: set WARMPOOL_WEBHOOK_URL to the target of the redirect"
    : "";
  const wait = Number(headers.get("retry-after") ?? "0");
  return {
    end: "failed",
    httpStatus: status,
    error: `the receiver responded with ${status}${why}`,
    retryAfterSeconds: Number.isFinite(wait) && wait > 0 ? Math.min(wait, 3600) : 0,
  };
}
