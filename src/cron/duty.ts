import type { Db } from "../db/client.ts";
import type { WebhookSetting } from "../domain/webhook/receiver.ts";

/**
 * One duty of the sweep: takes no input but the webhook's settings, may run at any time and any number of times at once, and returns how many
 * things it acted on. It never retries inside: the next sweep does.
 */
export type RunDuty = (db: Db, webhook: WebhookSetting) => Promise<number>;
