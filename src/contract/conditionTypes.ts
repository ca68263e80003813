/**
 * The conditions of a pool, in the order in which they are shown. Apart from what they mean (conditions.ts): people read
 * that in docs and in the browser, and the Worker would carry it for nobody.
 */
export const CONDITION_TYPES = [
  "Ready",
  "Progressing",
  "CapacityAvailable",
  "KeepingUp",
  "SetupsWork",
  "AllCurrent",
  "Degraded",
] as const;

export type ConditionType = (typeof CONDITION_TYPES)[number];
