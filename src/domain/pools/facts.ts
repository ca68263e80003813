import type { ConditionReason } from "../../contract/conditions.ts";
import type { ConditionType } from "../../contract/conditionTypes.ts";
import type { NodeBrake } from "../../contract/node.ts";
import type { PoolCondition, PoolSpec } from "../../contract/pool.ts";
import type { Nowhere } from "../capacity/nowhere.ts";
import type { Demand } from "./runway.ts";
import type { DownMachine } from "../health/testerMachines.ts";

/** What the conditions are read from. `stored` are those noted at the last sweep, for their `since`. */
export type PoolFacts = Demand & {
  spec: Pick<PoolSpec, "targetSize" | "maxSize" | "shape">;
  paused: boolean;
  waiting: number;
  /** Machines that are not proven gone yet. */
  deleting: number;
  createFailures: number;
  createNotBefore: string | null;
  lastFailure: string | null;
  /** Machines in any state but the last two that the spec has left behind. */
  stale: number;
  /** Whether machines are being made on nodes that are heard. */
  onTheirWay: boolean;
  /** Why there is no node for one more machine; null if there is one. */
  nowhere: Nowhere | null;
  /** The brakes that hold on nodes with machines of the pool. */
  brakes: (Pick<NodeBrake, "dead" | "answered" | "cause" | "canaryError" | "canaryNotBefore"> & {
    node: string;
  })[];
  /** Nodes with machines of the pool whose orphans wait for a person's word. */
  orphanNodes: string[];
  /** What the drivers of nodes with machines of the pool say that fail. */
  driverProblems: { node: string; message: string }[];
  /** Machines of testers that are down. */
  downMachines: DownMachine[];
  /** Orphans of nodes with machines of the pool that no person has named yet, as `NODE: NAME`. */
  orphans: string[];
  /** Nodes that are not heard any more, with what they hold of the pool. */
  silentNodes: SilentNode[];
  /** How the set-ups ended lately. */
  setups: SetupsLately;
  /** Machines that answer with a host key nobody knows. */
  strangers: string[];
  /** Machines of testers whose access a person has ended, as `NAME of USER`; `pending` are not stopped yet. */
  cut: { machine: string; username: string; pending: boolean }[];
  /** Active testers whose replaced keys may not be on their machines. */
  keyless: string[];
  stored: PoolCondition[];
  createdAt: string;
  now: string;
};

/** Testers whose set-up ended in the last hour, by how their last one did; `recipes` and `last` are of those that failed. */
export type SetupsLately = {
  ended: number;
  failed: number;
  recipes: string[];
  last: { username: string; message: string } | null;
};

export type SilentNode = {
  node: string;
  lastSeenAt: string;
  /** Creates that its relay had begun. */
  making: number;
  ready: number;
  assigned: number;
  /** Suspect, held or being deleted. */
  others: number;
};

export type Statement<Type extends ConditionType> = {
  status: boolean;
  reason: ConditionReason<Type>;
  message: string;
};
