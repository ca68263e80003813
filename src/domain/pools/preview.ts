import { sql } from "drizzle-orm";
import type { PoolChangePlan } from "../../contract/plan.ts";
import type { PoolSpec } from "../../contract/pool.ts";
import { type Db, rows } from "../../db/client.ts";
import { sayBindings } from "../capacity/words.ts";
import { placeChange, planChange, type Standing } from "../supply/preview.ts";
import { readAmbiguity } from "./defaultPool.ts";
import { isOnline, isSilent } from "../core/nodeSilence.ts";
import { bindingsOf, nodeCapacity } from "../capacity/nodeCapacity.ts";
import { readNodes, serves } from "../capacity/nodeFacts.ts";
import { sayNoNode } from "../capacity/nowhere.ts";
import { changedMembers } from "./changes.ts";
import { machineSpecOf, mustExist } from "./pools.ts";
import { isBraked, isLiveMachine, isLiveNode, isNotRemoved } from "../core/live.ts";
import { specOf } from "../core/spec.ts";

/**
 * What `putPool` with this spec would set going. Changes nothing.
 * @throws WarmpoolError NOT_FOUND where its recipe, or a node it names, does not exist.
 */
export async function planPoolChange(db: Db, spec: PoolSpec): Promise<PoolChangePlan> {
  await mustExist(db, spec);
  const hash = await machineSpecOf(spec);
  const [before] = await rows<{ spec: PoolSpec; paused: boolean; waiting: number }>(
    db,
    sql`select ${specOf()} as spec, paused,
        (select count(*)::int from assignments a where a.pool = p.name and a.state = 'waiting') as waiting
      from pools p where name = ${spec.name} and ${isNotRemoved()}`,
  );
  const machines = await rows<Standing>(
    db,
    sql`select m.name, m.node, m.state, m.machine_spec <> ${hash} as "isStale", ${isOnline()} as "isOnline",
        n.scheduling = 'draining' as "isDraining", ${isSilent()} as "isSilent",
        ${isBraked(sql`n.name`)} as "isBraked",
        m.state = 'deleting' and m.ready_at is null and m.deleting_since > now() - interval '1 hour' as "isFailedCreate"
      from machines m join nodes n on n.name = m.node
      where m.pool = ${spec.name} and ${isLiveMachine(sql`m`)} order by m.ready_at, m.number`,
  );
  const situation = { waiting: before?.waiting ?? 0, paused: before?.paused ?? false, machines };
  const counted = planChange(spec, situation);
  const nodes = await readNodes(db, isLiveNode(sql`n`));
  const wanted = counted.create + counted.replace.length;
  const missing = wanted - placeChange(spec, counted, nodes);
  const eligible = nodes.filter((node) => serves(node, spec));
  const binding = bindingsOf(eligible.map((node) => nodeCapacity(node, spec, spec)));
  const ambiguous = await readAmbiguity(db, spec.name);
  const plan = {
    pool: spec.name,
    isNew: before === undefined,
    changed: changedMembers(before?.spec, spec),
    ...counted,
    unplaced: missing === 0 ? null : { count: missing, binding },
    warnings: ambiguous === null || before !== undefined ? [] : [ambiguous],
  };
  return { ...plan, text: sayPlan(plan, sayBindings(binding) ?? sayNoNode(nodes, spec)) };
}

/**
 * What a put would do, in the conditional: people read it before anything has happened.
 * @param bounds what keeps out those that cannot be placed
 */
function sayPlan(plan: Omit<PoolChangePlan, "text">, bounds: string): string {
  const { create, replace, remove, stay, unplaced, blocked, readyAtLeast } = plan;
  const missing = unplaced?.count ?? 0;
  // New machines are placed first; a replaced one gives its room back.
  const placed = Math.max(0, create - missing);
  const sentences = [
    plan.isNew ? "The pool does not exist yet." : changesText(plan.changed),
    placed > 0 ? `${machines(placed)} would be created.` : "",
    replace.length > 0
      ? `${machines(replace.length)} would be replaced, one at a time, with at least ${readyAtLeast} ready throughout: ${replace.join(", ")}.`
      : "",
    remove.length > 0 ? `${machines(remove.length)} would be removed: ${remove.join(", ")}.` : "",
    stay.length > 0 ? `Assigned, and unchanged until released: ${stay.join(", ")}.` : "",
    blocked === "max_size" ? "maxSize would prevent it from creating all missing machines." : "",
    blocked === "paused" ? "It is paused, and would create nothing until it is resumed." : "",
    missing === 0 ? "" : `${wanted(missing, placed + replace.length > 0)} (${bounds}).`,
    create + replace.length + remove.length === 0 ? "No machine would be created or removed." : "",
    ...plan.warnings,
  ];
  return sentences.filter((sentence) => sentence !== "").join(" ");
}

function changesText(changed: readonly string[]): string {
  return changed.length === 0 ? "The spec would not change." : `It would change: ${changed.join(", ")}.`;
}

/** For which the pool has no room. */
function wanted(count: number, isMore: boolean): string {
  const [verb, them] = count === 1 ? ["is", "it"] : ["are", "them"];
  return `${isMore ? `${count} more` : machines(count)} ${verb} wanted, and no node has room for ${them}`;
}

function machines(count: number): string {
  return count === 1 ? "1 machine" : `${count} machines`;
}
