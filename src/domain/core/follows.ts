import type { AssignmentState } from "../../contract/assignment.ts";
import type { MachineState } from "../../contract/machine.ts";
import type { OperationState } from "../../contract/operation.ts";
import type { NodeRowState } from "./states.ts";

/**
 * What follows a move, as data beside the moves themselves (states.ts). The writers of states note it (touched.ts), and
 * src/domain/follow activates it.
 *
 * - `delete`: machines in `deleting` may lack their delete operation. Happens in the same transaction.
 * - `probe`: the node is to be asked how its machines are.
 * - `match`: a tester who waits in the pool may get a machine now.
 * - `refill`: the pool may lack a machine, or have room for one.
 * - `every pool`: both of these, for all pools.
 */
export type Follower = "delete" | "probe" | "match" | "refill" | "every pool";

export const MACHINE_FOLLOWS: Record<MachineState, readonly Follower[]> = {
  provisioning: [],
  ready: ["match", "refill"],
  suspect: ["refill"],
  assigned: ["refill"],
  held: ["refill"],
  deleting: ["delete", "refill"],
  deleted: ["refill"],
};

/** A released assignment leaves its machine to a teardown, and what follows is said by that. */
export const ASSIGNMENT_FOLLOWS: Record<AssignmentState, readonly Follower[]> = {
  waiting: ["match", "refill"],
  setting_up: [],
  active: [],
  failed: [],
  released: [],
};

export const NODE_FOLLOWS: Record<NodeRowState, readonly Follower[]> = {
  enrolled: [],
  returning: ["probe"],
  online: ["every pool"],
  silent: ["every pool"],
  removed: ["every pool"],
};

/** Of a create: the delete of a machine in `deleting` waits for its end. Nothing waits for the end of other work. */
export const CREATE_FOLLOWS: Record<OperationState, readonly Follower[]> = {
  queued: [],
  leased: [],
  cancelling: [],
  succeeded: ["delete"],
  failed: ["delete"],
  cancelled: ["delete"],
};
