import type { ConditionReason, ConditionType } from "../contract/conditions.ts";
import type { PoolCondition } from "../contract/pool.ts";

/** What the conditions are read from. `stored` are those noted at the last sweep, for their `since`. */
export type PoolFacts = {
  spec: { targetSize: number; maxSize: number };
  paused: boolean;
  claimable: number;
  waiting: number;
  onlineNodes: number;
  createFailures: number;
  createNotBefore: string | null;
  lastFailure: string | null;
  stored: PoolCondition[];
  createdAt: string;
  now: string;
};

type Statement<Type extends ConditionType> = {
  status: boolean;
  reason: ConditionReason<Type>;
  message: string;
};

/**
 * What an operator should know about a pool: whether it has what it should (`Ready`), and whether it is getting there
 * (`Progressing`). Each names its cause and what to do. `since` stands as long as status and reason do.
 */
export function poolConditions(facts: PoolFacts & { population: number }): PoolCondition[] {
  return [dated("Ready", ready(facts), facts), dated("Progressing", progressing(facts), facts)];
}

function ready(facts: PoolFacts): Statement<"Ready"> {
  const have = `${facts.claimable} of ${facts.spec.targetSize} machines can be claimed now`;
  return facts.claimable >= facts.spec.targetSize
    ? { status: true, reason: "TargetReached", message: have }
    : { status: false, reason: "BelowTarget", message: have };
}

function progressing(facts: PoolFacts & { population: number }): Statement<"Progressing"> {
  const lacks = facts.claimable < facts.spec.targetSize + facts.waiting;
  if (facts.paused)
    return { status: false, reason: "Paused", message: "the pool is paused; resume it to refill" };
  if (!lacks) return { status: true, reason: "Full", message: "nothing to do" };
  if (facts.onlineNodes === 0) {
    return { status: false, reason: "NoNodeOnline", message: "no relay is heard; start the relay on a node" };
  }
  if (facts.createFailures > 1) {
    const next = facts.createNotBefore === null ? "" : `; next try at ${facts.createNotBefore}`;
    return {
      status: false,
      reason: "CreatesFailing",
      message: `${facts.createFailures} creates failed in a row, the last with: ${facts.lastFailure ?? "no message"}${next}`,
    };
  }
  if (facts.population >= facts.spec.maxSize) {
    return {
      status: false,
      reason: "AtMaxSize",
      message: `all ${facts.spec.maxSize} machines that maxSize allows exist; release some or raise maxSize`,
    };
  }
  return { status: true, reason: "Refilling", message: "machines are being created" };
}

function dated<Type extends ConditionType>(
  type: Type,
  now: Statement<Type>,
  facts: PoolFacts,
): PoolCondition {
  const before = facts.stored.find((condition) => condition.type === type);
  const stands = before !== undefined && before.status === now.status && before.reason === now.reason;
  return { type, ...now, since: stands ? before.since : facts.now };
}
