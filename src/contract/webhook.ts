import * as z from "zod";
import { assignmentErrorCode } from "./assignmentErrors.ts";
import { CONDITION_TYPES } from "./conditionTypes.ts";

/**
 * What the webhook sends, one JSON object a message, signed as Standard Webhooks has it. `version` changes only when
 * something in it changes its meaning; fields may be added at any time, so a receiver should pass over those it does
 * not know. Nothing secret is in it, and nothing that a machine or a recipe has said: ask the API for that.
 */
const assignment = z.object({
  id: z.uuid(),
  pool: z.string(),
  username: z.string(),
  externalId: z.string().nullable(),
});

const message = <const Type extends string, Data extends z.ZodType>(type: Type, data: Data) =>
  z.object({
    type: z.literal(type),
    version: z.literal(1),
    /** When it happened, not when it was sent. */
    timestamp: z.iso.datetime(),
    data,
  });

const state = z.object({ status: z.boolean(), reason: z.string() });

export const webhookMessage = z.discriminatedUnion("type", [
  /** The machine is the tester's. */
  message("assignment.active", z.object({ assignment })),
  /** Set-up failed. `code` is that of the assignment's error; `step` the recipe's step, where one failed. */
  message(
    "assignment.failed",
    z.object({ assignment, error: z.object({ code: assignmentErrorCode, step: z.string().optional() }) }),
  ),
  /** An active one's time is nearly over, or the machine of a failed one is not held much longer; told once an end. */
  message(
    "assignment.expiring",
    z.object({ assignment, state: z.enum(["active", "failed"]), expiresAt: z.iso.datetime() }),
  ),
  /** The tester has waited too long; told once an assignment. */
  message("assignment.waiting", z.object({ assignment, since: z.iso.datetime() })),
  /** A condition of docs/conditions.md changed its status or its reason. `previous` is null for a new pool. */
  message(
    "pool.condition",
    z.object({
      pool: z.string(),
      condition: state.extend({ type: z.enum(CONDITION_TYPES), since: z.iso.datetime() }),
      previous: state.nullable(),
    }),
  ),
  /** A person asked whether messages arrive (`webhook.test`): it says nothing else. */
  message("webhook.test", z.object({})),
]);
export type WebhookMessage = z.infer<typeof webhookMessage>;
