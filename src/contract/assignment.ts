import * as z from "zod";
import { assignmentErrorCode } from "./assignmentErrors.ts";
import { hostKey } from "./machine.ts";
import { moment, paramName, poolName, username } from "./names.ts";
import { recordOf } from "./record.ts";
import { secretLink } from "./session.ts";
import { sshPublicKeys } from "./sshKey.ts";

export const ASSIGNMENT_STATES = ["waiting", "setting_up", "active", "failed", "released"] as const;
export type AssignmentState = (typeof ASSIGNMENT_STATES)[number];

/** The least and the most of a whole time to live, in seconds; extending has a ceiling of its own. */
export const TTL_BOUNDS = { min: 60, max: 366 * 86_400 } as const;
/** A whole time to live, in seconds. */
export const ttlSeconds = z
  .int()
  .min(TTL_BOUNDS.min, "a minute (60) at least")
  .max(TTL_BOUNDS.max, `must be at most 366 days (${TTL_BOUNDS.max})`);

/** Values for the recipe's parameters, by name. */
export const params = recordOf(paramName, z.string().max(16_384)).optional();

/**
 * Asks for a machine. `ttlSeconds` counts from `activeAt`; `wait: false` fails where nothing is ready. `page: true` makes
 * the link to the tester's page, and ends the one before.
 */
export const assignInput = z.strictObject({
  username,
  sshKeys: sshPublicKeys,
  pool: poolName.optional(),
  params,
  ttlSeconds: ttlSeconds.optional(),
  externalId: z.string().min(1).max(200).optional(),
  wait: z.boolean().optional(),
  page: z.boolean().optional(),
});

export const testerInput = z.strictObject({ username, pool: poolName.optional() });

/** `ttlSeconds` is the whole time, counted from `activeAt`; the API refuses what is above its ceiling. */
export const testerExtendInput = z.strictObject({ ...testerInput.shape, ttlSeconds });

/** `after` is the `next` of the call before: log text comes back from there on. No log is as long as its bound. */
export const testerLogInput = z.strictObject({
  ...testerInput.shape,
  after: z.int().min(0).max(2_000_000_000).default(0),
});

/** What `tester.watch` takes; `lastEventId` is what the SSE protocol sends at a reconnect. */
export const testerWatchInput = z.strictObject({
  ...testerInput.shape,
  lastEventId: z.string().max(200).nullish(),
});

/** One assignment by its id. */
export const assignmentInput = z.strictObject({ id: z.uuid("must be the id of an assignment") });

/** Which version of its recipe a retry runs: the one that it began with (the default), or the one pushed last. */
const recipe = z.enum(["same", "current"]).default("same");
/** `params` take the place of those that the assignment was asked for with, by name; the others stay. */
export const testerRetryInput = z.strictObject({ ...testerInput.shape, recipe, params });
export const assignmentRetryInput = z.strictObject({ ...assignmentInput.shape, recipe, params });

/** The same of one assignment by its id. */
export const assignmentExtendInput = z.strictObject({ ...assignmentInput.shape, ttlSeconds });

export const testerListInput = z.strictObject({
  pool: poolName.optional(),
  state: z.enum(ASSIGNMENT_STATES).optional(),
  cursor: z.string().max(200).optional(),
  limit: z.int().min(1).max(500).default(50),
});

/** A tester's hold on one machine, as its owner sees it. Dates are ISO strings. */
export const assignmentView = z
  .strictObject({
    id: z.string(),
    pool: z.string(),
    username: z.string(),
    externalId: z.string().nullable(),
    state: z.enum(ASSIGNMENT_STATES),
    /** `host` and `port` are what the tester dials. */
    machine: z
      .strictObject({
        id: z.string(),
        name: z.string(),
        host: z.string(),
        port: z.int(),
        user: z.string(),
        hostKey,
      })
      .nullable(),
    outputs: recordOf(z.string(), z.string()),
    /** Place in the line, 1 first, while `waiting`. Seconds are null where nothing has been observed yet. */
    queue: z
      .strictObject({
        position: z.int(),
        etaSeconds: z.number().nullable(),
        etaRange: z.tuple([z.number(), z.number()]).nullable(),
      })
      .nullable(),
    /** Where set-up is: step n of m, and how far within it (0 to 100). */
    setup: z
      .strictObject({
        step: z.int(),
        steps: z.int(),
        title: z.string(),
        percent: z.number(),
        /** What the step said last: the text of its `::progress`. */
        text: z.string().exactOptional(),
        attempt: z.int(),
        startedAt: moment,
        etaSeconds: z.number().nullable(),
      })
      .nullable(),
    /** What its set-up runs: this version of this recipe. `current` is the version that was pushed last. */
    recipe: z.strictObject({ name: z.string(), version: z.string(), current: z.string() }).exactOptional(),
    /** Fingerprints of the keys that open its account, as `ssh-keygen -l` prints them. */
    keyFingerprints: z.array(z.string()).exactOptional(),
    swaps: z.int(),
    /** While `active`: its SSH keys were replaced, and the machine may not have the new ones yet. */
    keysPending: z.boolean(),
    /**
     * Why it has `failed`; why its set-up stands still, while `setting_up`; why keys that were replaced could not be put on
     * the machine, or why the machine cannot be used, while `active`.
     */
    error: z
      .strictObject({ code: assignmentErrorCode, message: z.string(), step: z.string().exactOptional() })
      .nullable(),
    createdAt: moment,
    activeAt: moment.nullable(),
    expiresAt: moment.nullable(),
    releasedAt: moment.nullable(),
    /** When the tester's way into the machine was proven gone. */
    accessEndedAt: moment.nullable(),
  })
  .meta({ id: "Assignment" });
export type Assignment = z.infer<typeof assignmentView>;

export const assignResult = z.strictObject({
  created: z.boolean(),
  assignment: assignmentView,
  /** The link to the tester's page, if `page: true` asked for it; it is shown once. */
  page: secretLink.exactOptional(),
});
export type AssignResult = z.infer<typeof assignResult>;
/** `next` is the `after` of the following call; `done` once no more can come. */
export type SetupLog = { text: string; next: number; done: boolean };
export type Page<T> = { items: T[]; nextCursor: string | null };

/** A page of such items; `nextCursor` is the `cursor` of the next page, null on the last. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });
}
