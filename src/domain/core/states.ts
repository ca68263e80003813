import type { AssignmentState } from "../../contract/assignment.ts";
import type { MachineState } from "../../contract/machine.ts";
import type { NodeState } from "../../contract/node.ts";
import type { OperationState } from "../../contract/operation.ts";

/**
 * The legal moves of machines, assignments, nodes and operations, as data. Everything that asks "may this happen" reads these tables;
 * nothing bypasses them. docs/states.md is generated from here.
 */
export const MACHINE_MOVES: Record<MachineState, readonly MachineState[]> = {
  provisioning: ["ready", "deleting"],
  ready: ["suspect", "assigned", "held", "deleting"],
  suspect: ["ready", "held", "deleting"],
  assigned: ["suspect", "held", "deleting"],
  held: ["suspect", "assigned", "deleting"],
  deleting: ["deleted"],
  deleted: [],
};

export const ASSIGNMENT_MOVES: Record<AssignmentState, readonly AssignmentState[]> = {
  waiting: ["setting_up", "released"],
  setting_up: ["waiting", "active", "failed", "released"],
  active: ["waiting", "released"],
  failed: ["setting_up", "waiting", "released"],
  released: [],
};

/** A removed node is not shown; its row stays for the history, until it is enrolled again. */
export type NodeRowState = NodeState | "removed";

/** A node becomes `returning` again with each new session of its relay. */
export const NODE_MOVES: Record<NodeRowState, readonly NodeRowState[]> = {
  enrolled: ["returning", "removed"],
  returning: ["returning", "online", "silent", "removed"],
  online: ["returning", "silent", "removed"],
  silent: ["returning", "removed"],
  removed: ["enrolled"],
};

/** An operation is leased again when its lease expired or moved to a newer session of the relay. */
export const OPERATION_MOVES: Record<OperationState, readonly OperationState[]> = {
  queued: ["leased", "cancelled"],
  leased: ["leased", "queued", "cancelling", "succeeded", "failed", "cancelled"],
  cancelling: ["queued", "succeeded", "failed", "cancelled"],
  succeeded: [],
  failed: [],
  cancelled: [],
};

/** How a state is counted: only `ready` can be claimed, and everything that is not proven gone uses capacity. */
export const MACHINE_COUNTS: Record<MachineState, { claimable: boolean; ready: boolean; capacity: boolean }> =
  {
    provisioning: { claimable: false, ready: false, capacity: true },
    ready: { claimable: true, ready: true, capacity: true },
    suspect: { claimable: false, ready: false, capacity: true },
    assigned: { claimable: false, ready: false, capacity: true },
    held: { claimable: false, ready: false, capacity: true },
    deleting: { claimable: false, ready: false, capacity: true },
    deleted: { claimable: false, ready: false, capacity: false },
  };

/** States of a machine that was made and that nobody removes: its node has to have it, and probes ask it. */
export const MADE_STATES: readonly MachineState[] = ["ready", "suspect", "assigned", "held"];

/** The states from which a machine may move to `to`. */
export function machineSources(to: MachineState): MachineState[] {
  return sources(MACHINE_MOVES, to);
}

/** The states from which an assignment may move to `to`. */
export function assignmentSources(to: AssignmentState): AssignmentState[] {
  return sources(ASSIGNMENT_MOVES, to);
}

/** The states from which a node may move to `to`. */
export function nodeSources(to: NodeRowState): NodeRowState[] {
  return sources(NODE_MOVES, to);
}

/** The states from which an operation may move to `to`. */
export function operationSources(to: OperationState): OperationState[] {
  return sources(OPERATION_MOVES, to);
}

function sources<S extends string>(moves: Record<S, readonly S[]>, to: S): S[] {
  return (Object.keys(moves) as S[]).filter((from) => moves[from].includes(to));
}
