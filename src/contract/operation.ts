/** Every kind of operation, with what a relay does for it. docs/codes.md is written from this. */
export const OPERATION_KINDS = {
  create: "Creates a machine and waits until it is known to be good.",
  setup: "Runs the recipe on a tester's machine, or only replaces its keys.",
  delete: "Deletes a machine and proves that it is gone. An orphan that is kept is only stopped.",
  restart: "Stops a machine and starts it again.",
  cut: "Stops a machine so that nobody has access to it. Its data is kept.",
  import:
    "Looks at a machine that was created elsewhere, and marks it as Warmpool's unless that is only a plan.",
  unmark: "Takes the mark of an undone import off a machine again.",
  probe: "Lists the machines of a node and checks all of them, or only the suspects.",
} as const;
export type OperationKind = keyof typeof OPERATION_KINDS;

/** Every state of an operation, with its meaning, in the order of its life. */
export const OPERATION_STATES = {
  queued: "Waiting for the relay of its node, or for the time of its next attempt.",
  leased: "A relay is working on it.",
  cancelling: "A relay is working on it, but it was cancelled: the relay stops the work.",
  succeeded: "It succeeded.",
  failed: "It failed and is not retried.",
  cancelled: "It was cancelled.",
} as const;
export type OperationState = keyof typeof OPERATION_STATES;
