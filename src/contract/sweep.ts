import * as z from "zod";
import { moment } from "./names.ts";

/** The duties of a sweep, in the order they run; each has a heartbeat row. */
export const DUTIES = [
  "expire",
  "silence",
  "probe",
  "match",
  "replenish",
  "shrink",
  "reap",
  "tally",
  "sample",
  "prune",
  "deliver",
] as const;
export type Duty = (typeof DUTIES)[number];

/** What one duty did: `changes` counts what it acted on. */
export const dutyOutcome = z
  .strictObject({
    duty: z.enum(DUTIES),
    outcome: z.enum(["done", "failed"]),
    changes: z.int(),
    error: z.string().nullable(),
  })
  .meta({ id: "DutyOutcome" });
export type DutyOutcome = z.infer<typeof dutyOutcome>;

export const dutyHeartbeat = z
  .strictObject({
    duty: z.enum(DUTIES),
    lastStartAt: moment.nullable(),
    lastEndAt: moment.nullable(),
    outcome: z.enum(["done", "failed"]).nullable(),
    error: z.string().nullable(),
    late: z.boolean(),
  })
  .meta({ id: "DutyHeartbeat" });
export type DutyHeartbeat = z.infer<typeof dutyHeartbeat>;

/** `problems` names what is late or down, a sentence each. */
export type HealthView = { status: "ok" | "starting" | "failing"; problems: string[] };
