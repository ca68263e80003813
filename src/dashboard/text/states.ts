import type { AssignmentState } from "../../contract/assignment.ts";
import type { MachineState } from "../../contract/machine.ts";
import type { PoolCounts } from "../../contract/pool.ts";

/** States as the pages show them: a letter and a word, so that none is told by its colour alone. Pure. */

/** The states of a pool's bar, in the order that it shows them. */
export const BAR = [
  "ready",
  "assigned",
  "provisioning",
  "suspect",
  "held",
  "deleting",
] as const satisfies readonly (keyof PoolCounts)[];

/** Every state of a machine that is not proven gone, those that need a person first. */
export const MACHINE_FILTERS = [...BAR, "deleted"] as const satisfies readonly MachineState[];

export const ASSIGNMENT_FILTERS = [
  "waiting",
  "setting_up",
  "active",
  "failed",
  "released",
] as const satisfies readonly AssignmentState[];

const LETTERS: Record<MachineState | AssignmentState, string> = {
  provisioning: "P",
  ready: "R",
  suspect: "?",
  assigned: "A",
  held: "H",
  deleting: "D",
  deleted: "×",
  waiting: "…",
  setting_up: "S",
  active: "A",
  failed: "!",
  released: "–",
};

const WORDS: Record<MachineState | AssignmentState, string> = {
  provisioning: "being created",
  ready: "ready",
  suspect: "suspect",
  assigned: "assigned",
  held: "held",
  deleting: "leaving",
  deleted: "deleted",
  waiting: "waiting",
  setting_up: "setting up",
  active: "active",
  failed: "failed",
  released: "released",
};

export type AnyState = MachineState | AssignmentState;

export function letterOf(state: AnyState): string {
  return LETTERS[state];
}

export function wordOf(state: AnyState): string {
  return WORDS[state];
}

/** Whether a text from an address names one of these. */
export function isOneOf<T extends string>(values: readonly T[], text: string): text is T {
  return (values as readonly string[]).includes(text);
}

/** One piece of a pool's bar: its share of the whole in percent. */
export type Piece = { state: (typeof BAR)[number]; count: number; percent: number };

/**
 * A pool's bar: pieces by state against `maxSize` (or more, where testers who wait made it more), and where the target
 * mark is. Both in percent of the bar.
 */
export function barOf(
  counts: PoolCounts,
  spec: { targetSize: number; maxSize: number },
): { pieces: Piece[]; targetPercent: number; total: number } {
  const total = BAR.reduce((sum, state) => sum + counts[state], 0);
  const whole = Math.max(1, spec.maxSize, total);
  const pieces = BAR.filter((state) => counts[state] > 0).map((state) => ({
    state,
    count: counts[state],
    percent: (counts[state] / whole) * 100,
  }));
  return { pieces, targetPercent: (Math.min(spec.targetSize, whole) / whole) * 100, total };
}
