import { isAmiss } from "../../contract/amiss.ts";
import type { ConditionReason } from "../../contract/conditions.ts";
import { DEGRADED, othersIn, withOthers } from "../../contract/degraded.ts";
import type { PoolCondition, PoolView } from "../../contract/pool.ts";
import { own } from "../../contract/own.ts";
import type { Reason } from "../../contract/reason.ts";
import { clean, wrap } from "../terminal/text.ts";
import { ago } from "../terminal/time.ts";
import { type Command, inOurWords } from "../terminal/said.ts";

/** What is wrong with pools, each problem once. Pure. */

/** Problems of a node, whichever pools it serves: where nodes are shown, they are shown once, with the node. */
export const ABOUT_NODES = new Set<string>([
  "Braked",
  "NodeSilent",
  "OrphansHeld",
  "OrphansFound",
  "DriverDown",
] satisfies ConditionReason[]);

/** `since` is null for what a condition only names beside its worst problem: it dates that one alone. */
type Concern = Pick<PoolCondition, "reason" | "message"> & { since: string | null };

/**
 * A sentence for each problem: its cause, and what to do about it.
 * @param saidOfNodes whether problems of nodes are shown with the nodes, and left out here
 */
export function concerns(
  pools: readonly PoolView[],
  {
    command,
    columns,
    now,
    saidOfNodes,
  }: { command: Command; columns: number; now: number; saidOfNodes: boolean },
): string[] {
  const all = pools.flatMap(({ name, conditions }) =>
    conditions
      .filter(isAmiss)
      .flatMap((condition) => (saidOfNodes ? ofPoolAlone(condition) : [condition]))
      .map((concern) => ({ pool: name, ...concern })),
  );
  // Conditions of one pool may have the same message, and so may pools on the same node.
  const same = Map.groupBy(all, ({ reason, message }) => `${reason} ${message}`);
  return [...same.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const names = [...new Set(group.map(({ pool }) => pool))].join(", ");
    const since = group.flatMap((one) => one.since ?? []).toSorted()[0];
    const age = since === undefined ? "" : `, ${ago(since, now)}`;
    const said = inOurWords(first.message, command, now);
    return wrap(clean(`${names}: ${said} (${first.reason}${age})`), columns);
  });
}

/** The condition without the problems of nodes. Other reasons that only its message named get their own sentence. */
export function ofPoolAlone({ reason, message, since }: Concern): Concern[] {
  const { worst, others } = othersIn(message);
  const its = others.filter((other) => !ABOUT_NODES.has(other));
  if (!ABOUT_NODES.has(reason)) return [{ reason, message: withOthers(worst, its), since }];
  return its.map((other) => ({
    reason: other,
    message: own<Reason>(DEGRADED, other)?.meaning ?? other,
    since: null,
  }));
}
