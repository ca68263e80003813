import { type SQL, sql } from "drizzle-orm";
import type { MachineState } from "../../contract/machine.ts";
import type { Db } from "../../db/client.ts";
import type { NotAlive } from "../../db/tables/nodes.ts";
import { followAddresses } from "./addresses.ts";
import { judgeNodeBrake } from "./applyBrake.ts";
import { cutAgain } from "../core/cuts.ts";
import { noteDriver } from "./driverProblem.ts";
import { judge, type Verdict } from "./verdict.ts";
import { heardFrom, type HeardMachine, isUp, type KnownMachine, notAliveOf, type Probed } from "./heard.ts";
import { strangers, tellStrangeKeys } from "./hostKeys.ts";
import { lockHeard, noteProbe, type ProbedNode, readProbedMachines, readProbedNode } from "./noteProbe.ts";
import { judgeListing } from "../orphans/applyOrphans.ts";
import type { Actor } from "../core/reasons.ts";
import { askAgain, queueRecheck } from "./schedule.ts";
import { tearDown } from "../core/teardown.ts";
import { tellTesterMachines } from "./testerMachines.ts";
import { heldBy } from "../core/hold.ts";
import { moveMachines } from "../core/moves.ts";
import { moveNodes } from "../core/nodeMoves.ts";
import type { Change } from "../core/touched.ts";

/**
 * Judges a probe in the transaction that stores it; the node's row is locked before. A healthy one writes the node's row and nothing else.
 * Only machines that were probed are judged: one that was made or handed out meanwhile is not in the answers, one that
 * was being restarted was bound to be silent, and one whose state moved since then is judged by the state it has now.
 */
export async function judgeProbe(
  tx: Change,
  node: string,
  operation: { id: string },
  probed: Probed,
): Promise<void> {
  const actor: Actor = `node:${node}`;
  const standing = await readProbedNode(tx, node, operation.id, probed);
  const machines = await hearMachines(tx, node, operation.id, probed);
  const notAlive = notAliveOf(machines, standing.notAlive, standing.at);
  await noteProbe(tx, node, operation.id, standing, probed, notAlive);
  if (standing.returns) {
    await moveNodes(tx, sql`name = ${node}`, { to: "online", from: ["returning"], actor, reason: "probed" });
  }
  await noteDriver(tx, node, "list", probed.driverProblem ?? null);
  await lockHeard(tx, node, machines, probed);
  await followAddresses(tx, node, probed.answers, actor);
  await tellStrangeKeys(tx, node, machines, standing.notAlive);
  await tellTesterMachines(tx, node, machines, standing.notAlive, notAlive);
  const brake = await brakeAfter(tx, node, standing, notAlive, actor);
  if (standing.scope === null) {
    await judgeListing(tx, node, operation.id, probed.listing, brake.mayTearDown, actor);
  }
  await cutAgain(
    tx,
    machines.filter(({ known, heard }) => known.cut && isUp(heard)).map(({ known }) => known.id),
    actor,
  );
  for (const { known, heard } of machines) {
    const verdict = judge(
      {
        ...known,
        counts: brake.counts && standing.scope === null,
        mayTearDown: brake.mayTearDown && !known.paused && !known.doubtful,
        nodeReturns: standing.returns,
      },
      heard,
    );
    await apply(tx, actor, known, verdict, heard.cause);
  }
  if (Object.keys(notAlive).length > 0) await queueRecheck(tx, node);
  if (!standing.returns && standing.returning && standing.scope === null) await askAgain(tx, node);
}

/** The node's machines that this probe asked, each with what it heard. */
async function hearMachines(
  tx: Db,
  node: string,
  operation: string,
  probed: Probed,
): Promise<HeardMachine[]> {
  const known = await readProbedMachines(tx, node, operation);
  const answers = new Map(probed.answers.map((answer) => [answer.id, answer]));
  // Results for machines of other nodes, or that were not probed, are ignored.
  const strange = await strangers(
    tx,
    known.flatMap(({ id }) => answers.get(id) ?? []),
  );
  return heardFrom(known, probed, strange);
}

/** Skips the check in the clear case: there is no brake, and too few machines are dead to trip one. */
async function brakeAfter(
  tx: Change,
  node: string,
  { scope, braked }: ProbedNode,
  notAlive: Record<string, NotAlive>,
  actor: Actor,
): Promise<{ counts: boolean; mayTearDown: boolean }> {
  if (scope === null && !braked && Object.keys(notAlive).length < 2)
    return { counts: true, mayTearDown: true };
  return judgeNodeBrake(tx, node, scope === null ? "all" : "some", actor);
}

async function apply(
  tx: Change,
  actor: Actor,
  machine: KnownMachine,
  verdict: Verdict,
  cause: string | null,
): Promise<void> {
  const which = sql`select ${machine.id}::uuid`;
  if (verdict.move === null) {
    if (verdict.strikes === machine.strikes) return;
    await tx.execute(sql`update machines set strikes = ${verdict.strikes} where id = ${machine.id}`);
    return;
  }
  const move = {
    actor,
    reason: verdict.reason,
    data: { cause, strikes: verdict.strikes },
    from: [machine.state],
  };
  if (verdict.move === "deleting") {
    await tearDown(tx, which, move);
    return;
  }
  await moveMachines(tx, which, {
    ...move,
    ...columnsOf(verdict.move, verdict.strikes, actor, cause),
    to: verdict.move,
  });
}

/** What a move writes in addition to the state: a held machine records by whom and why, as if an admin held it. */
function columnsOf(to: MachineState, strikes: number, actor: Actor, cause: string | null): { set?: SQL } {
  if (to === "suspect") return { set: sql`strikes = ${strikes}` };
  if (to !== "held") return {};
  return { set: heldBy(actor, cause) };
}
