import * as z from "zod";
import { hostKey, MACHINE_PHASES } from "./machine.ts";
import { recordOf } from "./record.ts";

/** How far a relay is with an operation, told with the renewal of its lease. */

/** No log is told of beyond this byte; cursors into it (`after` of tester.log) count across the machines of a swap. */
export const MAX_LOG_BYTES = 400_000_000;

/** The steps of every set-up besides the recipe's: the account, which comes first, and the hand-over, which comes last. */
export const OWN_STEPS = 2;
export const ACCOUNT_TITLE = "Prepare the account";

/** A piece of a set-up's log: `offset` is the byte on the machine's log where `text` starts, `end` where it ends. */
const logPiece = z.strictObject({
  offset: z.int().min(0).max(MAX_LOG_BYTES),
  end: z.int().min(0).max(MAX_LOG_BYTES),
  text: z.string().max(256 * 1024),
});

/** What a relay keeps of a set-up's outputs (src/relay/setup/outputs.ts) fits into this. */
export const outputs = recordOf(z.string().max(64), z.string().max(4096))
  .refine((values) => Object.keys(values).length <= 100, "has more than 100 outputs")
  .refine((values) => lengthOf(values) <= 64 * 1024, "is longer than 64 KiB in total");

function lengthOf(values: Record<string, string>): number {
  return Object.entries(values).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}

const setupProgress = z.strictObject({
  kind: z.literal("setup"),
  loggedIn: z.boolean().optional(),
  step: z
    .strictObject({
      step: z.int().min(1),
      steps: z.int().min(1),
      title: z.string().max(80),
      percent: z.number().min(0).max(100),
      /** What the step said last with its progress. */
      text: z.string().max(200).optional(),
    })
    .optional(),
  /** All that the set-up has shown so far; they take the place of those that were told before. */
  outputs: outputs.optional(),
  log: logPiece.optional(),
});
const createProgress = z.strictObject({
  kind: z.literal("create"),
  phase: z.enum(MACHINE_PHASES),
  /** The host key the relay is about to give the machine: pinned from here on. */
  hostKey: hostKey.optional(),
});

const deleteProgress = z.strictObject({
  kind: z.literal("delete"),
  /** The node no longer shows it running: whoever was logged in is out, and nobody gets in. */
  stopped: z.literal(true),
});

export const progress = z.discriminatedUnion("kind", [setupProgress, createProgress, deleteProgress]);
export type Progress = z.infer<typeof progress>;
