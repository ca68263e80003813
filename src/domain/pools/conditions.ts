import type { ConditionType } from "../../contract/conditionTypes.ts";
import type { PoolCondition } from "../../contract/pool.ts";
import { degraded, silentText } from "./degraded.ts";
import type { PoolFacts, Statement } from "./facts.ts";
import { createsPerHour } from "./runway.ts";
import { setupsWork } from "./setupsLately.ts";

/**
 * What an operator should know about a pool: whether it has what it should (`Ready`), whether it is getting there
 * (`Progressing`), whether one more machine finds room (`CapacityAvailable`), whether they are made as fast as testers take
 * them (`KeepingUp`), whether set-ups come to a good end (`SetupsWork`), whether all are of its present spec
 * (`AllCurrent`), and whether something is wrong that it does not mend by itself (`Degraded`, the one that is bad where
 * true). Each names its cause and what to do. `since` stands as long as status and reason do.
 */
export function poolConditions(facts: PoolFacts & { population: number }): PoolCondition[] {
  return [
    dated("Ready", ready(facts), facts),
    dated("Progressing", progressing(facts), facts),
    dated("CapacityAvailable", capacityAvailable(facts), facts),
    dated("KeepingUp", keepingUp(facts), facts),
    dated("SetupsWork", setupsWork(facts.setups), facts),
    dated("AllCurrent", allCurrent(facts), facts),
    dated("Degraded", degraded(facts), facts),
  ];
}

function capacityAvailable({ nowhere }: PoolFacts): Statement<"CapacityAvailable"> {
  return nowhere === null
    ? { status: true, reason: "RoomForOne", message: "a node has room for one more machine" }
    : { status: false, ...nowhere };
}

/** Without a create observed, or with the pool paused, nothing can be said against it. */
function keepingUp(facts: PoolFacts): Statement<"KeepingUp"> {
  const makes = facts.paused ? null : createsPerHour(facts);
  const taken = `testers requested ${facts.claims} in the last hour`;
  if (!facts.paused && facts.claims > 0 && facts.slots === 0) {
    const why = facts.nowhere === null ? "" : `: ${facts.nowhere.message}`;
    return { status: false, reason: "NoneMade", message: `${taken}, but none can be created now${why}` };
  }
  if (makes === null || facts.claims <= makes)
    return { status: true, reason: "MadeInTime", message: `${taken}, and as many can be created` };
  const usual = Math.round(facts.usualCreateSeconds ?? 0);
  return {
    status: false,
    reason: "TakenFaster",
    message: `${taken}, but only about ${Math.floor(makes)} per hour can be created (${facts.slots} at a time, ${usual} s each); add nodes to create more at a time`,
  };
}

function allCurrent({ stale }: PoolFacts): Statement<"AllCurrent"> {
  return stale === 0
    ? { status: true, reason: "Current", message: "every machine has the current spec" }
    : {
        status: false,
        reason: "RollingOut",
        message: `${stale} ${stale === 1 ? "machine is" : "machines are"} of an earlier spec or past its time; ready ones are replaced one at a time, assigned ones when they are released`,
      };
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
  const { nowhere } = facts;
  if (nowhere?.reason === "NoNode" || nowhere?.reason === "NoNodeOnline")
    return { status: false, ...nowhere };
  // What a node has refused is not tried again before the node is other than it was.
  if (facts.createFailures > 1 && nowhere?.reason !== "Refused") {
    const next = facts.createNotBefore === null ? "" : `; next attempt at ${facts.createNotBefore}`;
    return {
      status: false,
      reason: "CreatesFailing",
      message: `${facts.createFailures} creates failed in a row, most recently: ${facts.lastFailure ?? "no message"}${next}`,
    };
  }
  if (facts.brakes.length > 0) {
    return {
      status: false,
      reason: "Braked",
      message: "a node with machines of the pool is braked; see the condition Degraded",
    };
  }
  // Whatever a silent node was making is not coming before it is heard, and what it holds takes its place.
  const booked = facts.silentNodes.some(
    ({ making, ready: claimable, others }) => making + claimable + others > 0,
  );
  if (!facts.onTheirWay && booked) {
    return { status: false, reason: "NodeSilent", message: silentText(facts.silentNodes) };
  }
  if (facts.onTheirWay) return { status: true, reason: "Refilling", message: "machines are being created" };
  if (facts.population >= facts.spec.maxSize) {
    const leaving =
      facts.deleting === 0
        ? ""
        : `, ${facts.deleting} of them being deleted, which use room until they are proven gone (\`warmpool machine list --state deleting\`)`;
    return {
      status: false,
      reason: "AtMaxSize",
      message: `the pool has all ${facts.spec.maxSize} machines that maxSize allows${leaving}; release some or raise maxSize`,
    };
  }
  if (nowhere !== null) return { status: false, ...nowhere };
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
