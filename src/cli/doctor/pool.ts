import { isAmiss } from "../../contract/amiss.ts";
import { actionFor } from "../../contract/conditions.ts";
import type { ConditionReason } from "../../contract/conditions.ts";
import type { ConditionType } from "../../contract/conditionTypes.ts";
import type { PoolView } from "../../contract/pool.ts";
import { ofPoolAlone } from "../views/concerns.ts";
import { ok, unknown, wrong } from "./check.ts";
import type { Check } from "./check.ts";

/** Each pool by its conditions: what does not mend by itself is wrong. Pure. */

/** The check of the node reports the one; a pool that somebody paused is as that person wants it. */
const NO_NODE = "NoNodeOnline" satisfies ConditionReason;
const SAID_ELSEWHERE = new Set<string>([NO_NODE, "Paused"] satisfies ConditionReason[]);

export function poolsCheck(pools: PoolView[]): Check[] {
  return pools.map((pool) => {
    const name = `pool ${pool.name}`;
    // A pool that lacks machines because it is degraded says in Progressing no more than that.
    const stuck = amiss(pool, "Degraded") ?? amiss(pool, "Progressing") ?? amiss(pool, "SetupsWork");
    if (stuck !== undefined) return wrong(name, stuck.message, cureOf(stuck, pool));
    const elsewhere = pool.conditions.find(({ reason }) => reason === NO_NODE);
    const { claimable, spec } = pool;
    if (elsewhere !== undefined && isAmiss(elsewhere) && claimable < spec.targetSize)
      return unknown(name, `${claimable} of ${spec.targetSize} ready: ${elsewhere.message}`);
    const paused = pool.paused ? ", paused" : "";
    return ok(name, `${claimable} of ${spec.targetSize} ready${paused}`);
  });
}

/** What docs/conditions.md says, unless it is about what the pool does not have. */
function cureOf(stuck: { type: ConditionType; reason: string }, { counts }: PoolView): string {
  const isFull = stuck.reason === ("AtMaxSize" satisfies ConditionReason);
  return isFull && counts.deleting === 0 ? "release testers, or raise maxSize" : actionFor(stuck);
}

function amiss({ conditions }: PoolView, type: ConditionType) {
  return conditions
    .filter((condition) => condition.type === type && isAmiss(condition))
    .flatMap(ofPoolAlone)
    .map(({ reason, message }) => ({ type, reason, message }))
    .find(({ reason }) => !SAID_ELSEWHERE.has(reason));
}
