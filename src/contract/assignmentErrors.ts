import * as z from "zod";
import { keysOf } from "./keysOf.ts";

/** Why a set-up on a machine failed, as its relay reports it. */
export const SETUP_FAILURES = {
  unreachable: "The machine could not be reached over SSH.",
  host_key_changed: "The machine presented a host key other than the pinned one.",
  step_failed: "A step of the recipe, or the preparation of the account, failed.",
  step_timed_out: "A step of the recipe took longer than its `timeoutSeconds`.",
  handover_failed: "After the set-up, the keys on the machine are not the expected ones.",
  machine_refused: "The machine could not be prepared for the recipe, for example because its disk is full.",
  keys_removed:
    "New SSH keys could not be written on the machine, for example because its disk is full. The old ones were removed, so no key opens the tester's account.",
} as const;

/**
 * The closed set of `error.code` of an assignment, each with its meaning. docs/codes.md is written from it, and
 * test/lint/closedSets.test.ts finds where each one is made.
 */
export const ASSIGNMENT_ERRORS = {
  ...SETUP_FAILURES,
  secret_unreadable: "The key that encrypted a secret parameter is not in `WARMPOOL_SECRET_KEY`.",
  keys_not_replaced:
    "SSH keys were replaced, but the new keys are not on the machine yet; the old keys may still work.",
  access_cut: "An operator ended the access to the machine. Its data is kept.",
  machine_gone: "The machine was deleted on its node, but not by Warmpool.",
  machine_stopped: "The machine was stopped on its node, but not by Warmpool.",
  machine_silent: "The machine does not respond.",
  node_silent: "The node of the machine is silent; the set-up continues when the node's relay reconnects.",
  node_quiet: "The node's relay has not been heard for some seconds, and the set-up has not started.",
  node_busy: "The relay of the node is busy, and the set-up has not started.",
} as const;

export type SetupFailure = keyof typeof SETUP_FAILURES;
/** The `reason` of a set-up that failed. */
export const setupFailure = z.enum(keysOf(SETUP_FAILURES));

export type AssignmentErrorCode = keyof typeof ASSIGNMENT_ERRORS;
/** Describes what is made today. A row from an older database may have another one, and is shown as it is. */
export const assignmentErrorCode = z.enum(keysOf(ASSIGNMENT_ERRORS));
