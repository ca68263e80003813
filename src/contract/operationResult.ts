import * as z from "zod";
import { setupFailure } from "./assignmentErrors.ts";
import { sayIssues } from "./issues.ts";
import { listing } from "./listing.ts";
import { endpoint, hostKey, PROBE_ANSWERS, receipt } from "./machine.ts";
import { outputs } from "./progress.ts";
import { recordOf } from "./record.ts";

/** What a relay says of an operation that it ends. All of it may come from a machine or a node that is hostile. */

const text = z.string().max(4096);
const failure = { outcome: z.literal("failed"), message: text };
/** 20 texts at most, 64 Ki characters over all of them. */
const evidence = recordOf(z.string().max(50), z.string())
  .refine((texts) => Object.keys(texts).length <= 20, "has more than 20 entries")
  .refine(
    (texts) => Object.values(texts).reduce((sum, { length }) => sum + length, 0) <= 64 * 1024,
    "is longer than 64 KiB in total",
  );

/** The assignment that was set up on a machine which nobody has in the database. */
export const takenBy = z.uuid();

const probeAnswer = z.strictObject({
  id: z.uuid(),
  answer: z.enum(PROBE_ANSWERS),
  cause: z.string().max(500).nullable(),
  /** Fingerprint of the host key it presented instead of the pinned one; `none` where it has none of the type. */
  presented: z.string().max(100).optional(),
  /** True where it does not answer, and the node's listing has it stopped. */
  stopped: z.boolean().optional(),
  /** True where it does not answer, the listing does not show it, and the driver is sure that there is none. */
  absent: z.boolean().optional(),
  /** Where it answered, under its pinned key, if that is where the node's listing has it and not where asked. */
  moved: z.strictObject({ ssh: endpoint, access: endpoint }).optional(),
  /** Of one that is to be given away: the assignment that was set up on it already. */
  takenBy: takenBy.optional(),
});
const answerId = z.looseObject({ id: z.uuid() });
/** No machine's. */
const NOBODY = "00000000-0000-4000-8000-000000000000";

function unreadable(value: unknown, error: z.core.$ZodCatchCtx["error"]) {
  const named = answerId.safeParse(value);
  return {
    id: named.success ? named.data.id : NOBODY,
    answer: "unknown" as const,
    cause: `the edge rejected the relay's result: ${sayIssues(error)}`.slice(0, 500),
  };
}

/** How an operation ended, by its kind. `handed_back` returns one that was not started. */
export const operationResult = z.discriminatedUnion("outcome", [
  z.strictObject({ outcome: z.literal("handed_back") }),
  z.strictObject({
    outcome: z.literal("created"),
    driver: z.string().max(50),
    driverRef: z.string().max(500),
    host: endpoint.shape.host,
    port: endpoint.shape.port,
    access: endpoint,
  }),
  z.strictObject({
    ...failure,
    outcome: z.literal("create_failed"),
    reason: z.enum(["no_capacity", "driver_failed", "never_ready", "not_reachable", "cancelled"]),
    evidence,
  }),
  z.strictObject({
    outcome: z.literal("set_up"),
    outputs,
    /** What the hand-over check read back from the machine. */
    handover: z.strictObject({
      hostKey: z.string().max(200),
      keys: recordOf(z.string().max(200), z.array(z.string().max(9000)).max(200)).refine(
        (accounts) => Object.values(accounts).flat().join("").length <= 512 * 1024,
        "is longer than 512 KiB in total",
      ),
    }),
  }),
  z.strictObject({
    ...failure,
    outcome: z.literal("setup_failed"),
    reason: setupFailure,
    step: z.string().max(80).optional(),
    exitCode: z.int().optional(),
    /** Nothing of the set-up was left on the machine: it may be given to somebody else. */
    untouched: z.boolean().optional(),
    /** Another assignment, which was set up on the machine before: nobody else may get it. */
    takenBy: takenBy.optional(),
    /** Where the host key changed: the fingerprint of the one that was presented. */
    presented: z.string().max(200).optional(),
  }),
  z.strictObject({ outcome: z.literal("deleted"), receipt }),
  /** Of a delete that was to keep the machine: it is stopped. */
  z.strictObject({ outcome: z.literal("kept") }),
  z.strictObject({ ...failure, outcome: z.literal("delete_failed") }),
  z.strictObject({
    outcome: z.literal("restarted"),
    host: endpoint.shape.host,
    port: endpoint.shape.port,
    access: endpoint,
  }),
  z.strictObject({ ...failure, outcome: z.literal("restart_failed") }),
  /** The machine is stopped, or is not there. */
  z.strictObject({ outcome: z.literal("cut") }),
  z.strictObject({ ...failure, outcome: z.literal("cut_failed") }),
  /** What the machine of an old record is like; it is marked now, unless that was only a plan. */
  z.strictObject({
    outcome: z.literal("imported"),
    driver: z.string().max(50),
    driverRef: z.string().max(500),
    hostKey,
    host: endpoint.shape.host,
    port: endpoint.shape.port,
    access: endpoint,
  }),
  /** `message` says why, `fix` what to do. */
  z.strictObject({ ...failure, outcome: z.literal("import_refused"), fix: text }),
  /** The mark of an import is off, or there was none. */
  z.strictObject({ outcome: z.literal("unmarked") }),
  z.strictObject({ ...failure, outcome: z.literal("unmark_failed") }),
  z.strictObject({
    outcome: z.literal("probed"),
    listing: listing.nullable(),
    /** What the driver said where it could not list. */
    driverProblem: z.string().max(500).optional(),
    answers: z
      // One that cannot be read says nothing about its machine, and nothing about the others.
      .array(probeAnswer.catch(({ value, error }) => unreadable(value, error)))
      .max(100_000),
  }),
]);
export type OperationResult = z.infer<typeof operationResult>;
