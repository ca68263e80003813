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
  "prune",
] as const;
export type Duty = (typeof DUTIES)[number];

/** What one duty did: `changes` counts what it acted on. */
export type DutyOutcome = { duty: Duty; outcome: "done" | "failed"; changes: number; error: string | null };

export type DutyHeartbeat = {
  duty: Duty;
  lastStartAt: string | null;
  lastEndAt: string | null;
  outcome: "done" | "failed" | null;
  error: string | null;
  late: boolean;
};

/** `problems` names what is late or down, a sentence each. */
export type HealthView = { status: "ok" | "starting" | "failing"; problems: string[] };
