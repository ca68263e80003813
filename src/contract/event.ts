import * as z from "zod";
import { recordOf } from "./record.ts";
import { moment, nodeName, poolName } from "./names.ts";

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
    kind: z.string().min(1).max(40).optional(),
    /** Whole, `admin:anna`, or the role alone, `admin`. */
    actor: z.string().min(1).max(120).optional(),
    after: z.int().min(0).optional(),
    cursor: z.string().max(200).optional(),
    limit: z.int().min(1).max(500).default(50),
  })
  .refine((input) => input.after === undefined || input.cursor === undefined, {
    path: ["cursor"],
    message: "cannot go with after: one goes back, the other forward",
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
    kind: z.string(),
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
