import type { AssignResult, Assignment } from "../../src/contract/assignment.ts";
import type { NodeScheduling, NodeView, RemovedNode } from "../../src/contract/node.ts";
import type { SetNodeInput } from "../../src/contract/nodeSettings.ts";
import type { Connection, Db } from "../../src/db/client.ts";
import * as assigning from "../../src/domain/assignments/assign.ts";
import * as releasing from "../../src/domain/assignments/release.ts";
import { bySweep } from "../../src/domain/core/change.ts";
import type { Actor } from "../../src/domain/core/reasons.ts";
import * as nodes from "../../src/domain/nodes/actions.ts";
import type { SecretKeys } from "../../src/domain/secrets/keys.ts";

/**
 * What the API's procedures call, whose followers run after the answer there. Here they are left to the sweep, so that a
 * test says itself when pools are refilled.
 */
export function assign(
  connection: Connection,
  request: assigning.AssignRequest,
  actor: Actor,
  keys?: SecretKeys,
): Promise<AssignResult> {
  return assigning.assign(connection, request, actor, bySweep, keys);
}

export function release(
  db: Db,
  tester: { username: string; pool?: string | undefined },
  actor: Actor,
): Promise<Assignment> {
  return releasing.release(db, tester, actor, bySweep);
}

export function releaseAssignment(db: Db, id: string, actor: Actor): Promise<Assignment> {
  return releasing.releaseAssignment(db, id, actor, bySweep);
}

export function scheduleNode(
  db: Db,
  name: string,
  scheduling: NodeScheduling,
  actor: Actor,
): Promise<NodeView> {
  return nodes.scheduleNode(db, name, scheduling, actor, bySweep);
}

export function labelNode(
  db: Db,
  wanted: { name: string; labels: readonly string[] },
  actor: Actor,
): Promise<NodeView> {
  return nodes.labelNode(db, wanted, actor, bySweep);
}

export function setNode(db: Db, input: SetNodeInput, actor: Actor): Promise<NodeView> {
  return nodes.setNode(db, input, actor, bySweep);
}

export function liftBrake(
  db: Db,
  lifted: { name: string; note?: string | undefined },
  actor: Actor,
): Promise<NodeView> {
  return nodes.liftBrake(db, lifted, actor, bySweep);
}

export function removeNode(
  db: Db,
  input: { name: string; lost: boolean },
  actor: Actor,
): Promise<RemovedNode> {
  return nodes.removeNode(db, input, actor, bySweep);
}
