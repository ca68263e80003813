import * as z from "zod";
import { keysOf } from "./keysOf.ts";
import { recordOf } from "./record.ts";
import { moment, nodeName, poolName } from "./names.ts";

/** Every kind of event: what it is about. docs/codes.md is written from this. */
export const EVENT_KINDS = {
  machine: "A machine: a change of its state, or something that happened to it.",
  assignment: "An assignment: a change of its state.",
  ttl: "When an assignment ends.",
  keys: "The SSH keys of an assignment.",
  operation: "An operation that was put back into the queue.",
  node: "A node, its relay, its driver, its brake or its orphans.",
  pool: "A pool: its spec, its conditions, or that it was paused or removed.",
  recipe: "A recipe and its versions.",
  token: "A token.",
  session: "A sign-in to the dashboard, or a sign-out.",
  page: "The link to a tester's own page.",
  security: "A possible attack.",
  settings: "The settings of the installation.",
  sweep: "A sweep that was started by hand.",
  webhook: "A message of the webhook that was given up, or a test of it.",
} as const;
export type EventKind = keyof typeof EVENT_KINDS;
/** Describes what is written today. An event from an older database may have another kind, and is shown as it is. */
export const eventKind = z.enum(keysOf(EVENT_KINDS));

/**
 * Events, newest first and backwards by `cursor` (the `nextCursor` of the page before). With `after`, an event's id, it
 * goes forward instead: those that came later, oldest first, for following.
 */
export const eventListInput = z
  .strictObject({
    pool: poolName.optional(),
    /** A machine's id. */
    machine: z.uuid("must be the id of a machine").optional(),
    node: nodeName.optional(),
    /** An assignment's id. */
    assignment: z.uuid("must be the id of an assignment").optional(),
    /** Any text: events of an older version may have kinds that are no longer written. */
    kind: z.string().min(1).max(40).optional(),
    /** Whole, `admin:anna`, or the role alone, `admin`. */
    actor: z.string().min(1).max(120).optional(),
    after: z.int().min(0).optional(),
    cursor: z.string().max(200).optional(),
    limit: z.int().min(1).max(500).default(50),
  })
  .refine((input) => input.after === undefined || input.cursor === undefined, {
    path: ["cursor"],
    message: "cannot be combined with after: cursor pages back, after pages forward",
  });

/** `lastEventId` is what the SSE protocol sends at a reconnect: the stream continues there. */
export const eventWatchInput = z.strictObject({ lastEventId: z.string().max(200).nullish() });

/**
 * That something has changed, for a page that shows it. `kind` and the rest are as in an event; two kinds have no event:
 * `progress` (of a set-up: `assignment`; of creates: `pool` alone) and `sweep` (a duty of the sweep ended).
 */
export type EventHint = {
  id: number | null;
  at: string;
  kind: string;
  reason: string | null;
  pool: string | null;
  node: string | null;
  machine: string | null;
  assignment: string | null;
};

/**
 * An item of `event.watch`. One comes at once, then with each change, and every few seconds without one, so that
 * a page knows how far behind it is. `reset`: hints are missing, so all that is shown is to be read again.
 */
export type EventNews = { at: string; reset: boolean; hints: EventHint[] };

const change = z.union([z.string(), recordOf(z.string(), z.unknown())]);

/**
 * One change on record. `kind` is what it is about; `before` and `after` are states, or what was changed of a spec.
 * `machine`, `assignment` and `operation` are ids.
 */
export const eventView = z
  .strictObject({
    id: z.int(),
    at: moment,
    kind: eventKind,
    /** `app:NAME`, `admin:NAME`, `node:NAME` or `system:DUTY`. */
    actor: z.string(),
    /** A code, explained in docs/codes.md. */
    reason: z.string(),
    pool: z.string().nullable(),
    node: z.string().nullable(),
    machine: z.string().nullable(),
    machineName: z.string().nullable(),
    assignment: z.string().nullable(),
    /** The tester of that assignment. */
    username: z.string().nullable(),
    operation: z.string().nullable(),
    before: change.nullable(),
    after: change.nullable(),
    data: recordOf(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: "Event" });
export type EventView = z.infer<typeof eventView>;
