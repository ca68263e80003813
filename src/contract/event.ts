import { z } from "zod";
import { nodeName, poolName } from "./names.ts";

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

type Change = string | Record<string, unknown>;

/**
 * One change on record. `kind` is what it is about; `before` and `after` are states, or what was changed of a spec.
 * `machine`, `assignment` and `operation` are ids.
 */
export type EventView = {
  id: number;
  at: string;
  kind: string;
  /** `app:NAME`, `admin:NAME`, `node:NAME` or `system:DUTY`. */
  actor: string;
  /** A code, explained in docs/codes.md. */
  reason: string;
  pool: string | null;
  node: string | null;
  machine: string | null;
  machineName: string | null;
  assignment: string | null;
  /** The tester of that assignment. */
  username: string | null;
  operation: string | null;
  before: Change | null;
  after: Change | null;
  data: Record<string, unknown> | null;
};
