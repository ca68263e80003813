import { type SQL, sql } from "drizzle-orm";
import { own } from "../../contract/own.ts";
import type { NodeScheduling, NodeView, OrphanBrake, RemovedNode } from "../../contract/node.ts";
import type { SetNodeInput } from "../../contract/nodeSettings.ts";
import { type Db, rows } from "../../db/client.ts";
import { releaseBrake } from "../health/applyBrake.ts";
import { WarmpoolError } from "../core/errors.ts";
import { lockWork } from "../core/locks.ts";
import { forgetMachines } from "../machines/actions.ts";
import { listNodes } from "./view.ts";
import type { Sightings } from "../orphans/orphans.ts";
import { follow } from "../follow/follow.ts";
import { noteOrphans } from "../orphans/applyOrphans.ts";
import type { Actor } from "../core/reasons.ts";
import { endAssignments } from "../assignments/release.ts";
import { change, type Follow } from "../core/change.ts";
import { json, tell } from "../core/event.ts";
import { isLiveAssignment, isLiveMachine, isLiveNode } from "../core/live.ts";
import { moveNodes } from "../core/nodeMoves.ts";
import { touch } from "../core/touched.ts";
import { moveOperations } from "../core/operationMoves.ts";
import { lockNode, unknownNode } from "./lockNode.ts";

/**
 * Opens the node for new machines, or closes it: `draining` makes none there any more, and those it has live on.
 * @throws WarmpoolError NOT_FOUND.
 */
export async function scheduleNode(
  db: Db,
  name: string,
  scheduling: NodeScheduling,
  actor: Actor,
  follow: Follow,
): Promise<NodeView> {
  return change(db, actor, follow, async (tx) => {
    const { scheduling: before } = await lockNode(tx, name);
    if (before !== scheduling) {
      await tx.execute(sql`update nodes set scheduling = ${scheduling} where name = ${name}`);
      if (scheduling === "open") touch(tx.touched, ["every pool"]);
      const reason = scheduling === "draining" ? "drained" : "resumed";
      await tell(tx, { kind: "node", actor, reason, node: name, before, after: scheduling });
    }
    const [node] = await listNodes(tx, name);
    if (node === undefined) throw unknownNode(name);
    return node;
  });
}

/**
 * Gives the node these labels and no others: from then on machines are made on it for the pools that ask for them.
 * Those it has stay.
 * @throws WarmpoolError NOT_FOUND.
 */
export async function labelNode(
  db: Db,
  { name, labels }: { name: string; labels: readonly string[] },
  actor: Actor,
  follow: Follow,
): Promise<NodeView> {
  const after = [...new Set(labels)].toSorted();
  return change(db, actor, follow, async (tx) => {
    await lockNode(tx, name);
    const [standing] = await listNodes(tx, name);
    if (standing === undefined) throw unknownNode(name);
    const before = standing.labels;
    if (before.join() === after.join()) return standing;
    await tx.execute(sql`update nodes set labels = ${json(after)} where name = ${name}`);
    touch(tx.touched, ["every pool"]);
    await tell(tx, {
      kind: "node",
      actor,
      reason: "labelled",
      node: name,
      before: { labels: before },
      after: { labels: after },
    });
    return { ...standing, labels: after };
  });
}

/**
 * Sets what an operator tunes of the node: what is not named stays, and null is the default again. It counts from the
 * next create, delete or estimate on.
 * @throws WarmpoolError NOT_FOUND.
 */
export async function setNode(
  db: Db,
  { name, concurrency, silenceSeconds }: SetNodeInput,
  actor: Actor,
  follow: Follow,
): Promise<NodeView> {
  return change(db, actor, follow, async (tx) => {
    await lockNode(tx, name);
    touch(tx.touched, ["every pool"]);
    const [standing] = await listNodes(tx, name);
    await tx.execute(sql`
      update nodes set concurrency = ${setTo(sql`concurrency`, concurrency)},
        silence_seconds = ${setTo(sql`silence_seconds`, silenceSeconds)}
      where name = ${name}`);
    const [node] = await listNodes(tx, name);
    if (standing === undefined || node === undefined) throw unknownNode(name);
    const [before, after] = [tunedOf(standing), tunedOf(node)];
    if (JSON.stringify(before) !== JSON.stringify(after))
      await tell(tx, { kind: "node", actor, reason: "node_set", node: name, before, after });
    return node;
  });
}

/** A column that takes what is given, null too, and stays as it is where nothing is. */
function setTo(column: SQL, given: number | null | undefined): SQL {
  return given === undefined ? column : sql`${given}::int`;
}

function tunedOf({
  concurrency,
  silenceSeconds,
}: NodeView): Pick<NodeView, "concurrency" | "silenceSeconds"> {
  return { concurrency, silenceSeconds };
}

/**
 * A person says that the node's dead machines are dead: strikes count again from zero, without a canary.
 * @throws WarmpoolError NOT_FOUND, or CONFLICT where no brake holds.
 */
export async function liftBrake(
  db: Db,
  { name, note }: { name: string; note?: string | undefined },
  actor: Actor,
  follow: Follow,
): Promise<NodeView> {
  return change(db, actor, follow, async (tx) => {
    await lockNode(tx, name);
    if (!(await releaseBrake(tx, name, actor))) {
      throw new WarmpoolError("CONFLICT", `node ${name} has no active brake to lift`);
    }
    await tell(tx, {
      kind: "node",
      actor,
      reason: "brake_overruled",
      node: name,
      data: { note: note ?? null },
    });
    const [node] = await listNodes(tx, name);
    if (node === undefined) throw unknownNode(name);
    return node;
  });
}

/**
 * A person says that the node's orphans may be torn down: those that are named, or else all that it shows now. They
 * still have to be seen twice. What appears later is judged anew.
 * @throws WarmpoolError NOT_FOUND, or CONFLICT where it shows none of that name, or nothing waits for a word.
 */
export async function reapOrphans(
  db: Db,
  { name, machines, note }: { name: string; machines?: string[] | undefined; note?: string | undefined },
  actor: Actor,
): Promise<NodeView> {
  return change(db, actor, follow, async (tx) => {
    const [row] = await rows<{ orphans: Sightings; brake: OrphanBrake | null }>(
      tx,
      sql`select orphans, orphan_brake as brake from nodes where name = ${name} and ${isLiveNode()} for no key update`,
    );
    if (row === undefined) throw unknownNode(name);
    const { orphans, brake } = row;
    const unknown = (machines ?? []).filter((machine) => own(orphans, machine) === undefined);
    if (unknown.length > 0)
      throw new WarmpoolError("CONFLICT", `node ${name} shows no orphan named ${unknown.join(", ")}`);
    const copies = (machines ?? []).filter((machine) => own(orphans, machine)?.waits === "copy");
    if (copies.length > 0)
      throw new WarmpoolError(
        "CONFLICT",
        `${copies.join(", ")}: somebody created it as a copy of another machine, so Warmpool does not tear it down; remove it in the hypervisor`,
      );
    const wanted =
      machines ?? Object.keys(orphans).filter((machine) => own(orphans, machine)?.waits !== "copy");
    if (wanted.length === 0 && brake === null)
      throw new WarmpoolError("CONFLICT", `node ${name} has no orphan to tear down`);
    const sightings = Object.fromEntries(
      Object.entries(orphans).map(([machine, sighting]) => [
        machine,
        wanted.includes(machine) ? { ...sighting, confirmedBy: actor } : sighting,
      ]),
    );
    await noteOrphans(tx, name, { sightings, brake: machines === undefined ? null : brake });
    await tell(tx, {
      kind: "node",
      actor,
      reason: "orphans_confirmed",
      node: name,
      data: { machines: wanted, note: note ?? null },
    });
    touch(tx.touched, ["probe"], { node: name });
    const [node] = await listNodes(tx, name);
    if (node === undefined) throw unknownNode(name);
    return node;
  });
}

/**
 * Takes a node out for good: its credential ends, and it is shown no more. With `lost` its machines are forgotten and
 * their assignments released, on record: the way out when the host will never answer again.
 * @throws WarmpoolError NOT_FOUND, or CONFLICT where it has machines and is not said to be lost.
 */
export async function removeNode(
  db: Db,
  input: { name: string; lost: boolean },
  actor: Actor,
  follow: Follow,
): Promise<RemovedNode> {
  const { name, lost } = input;
  return change(db, actor, follow, async (tx) => {
    await lockNode(tx, name);
    const [{ machines } = { machines: 0 }] = await rows<{ machines: number }>(
      tx,
      sql`select count(*)::int as machines from machines where node = ${name} and ${isLiveMachine()}`,
    );
    if (machines > 0 && !lost) {
      throw new WarmpoolError(
        "CONFLICT",
        `node ${name} has ${machines} ${machines === 1 ? "machine" : "machines"}; drain it and wait until they are gone, or, if the host is lost for good, remove it as lost`,
      );
    }
    const on = sql`select id from machines where node = ${name} and ${isLiveMachine()}`;
    await lockWork(tx, on);
    const ended = await endAssignments(
      tx,
      sql`select id from assignments where ${isLiveAssignment()} and machine in (${on})`,
      { actor, reason: "node_removed" },
    );
    const forgotten = machines === 0 ? 0 : await forgetMachines(tx, on, `node ${name} was removed`, actor);
    await moveOperations(tx, sql`node = ${name}`, { to: "cancelled" });
    await tx.execute(sql`
      update tokens set revoked_at = now() where role in ('node', 'join') and node = ${name} and revoked_at is null`);
    await tx.execute(sql`delete from brakes where node = ${name}`);
    await moveNodes(tx, sql`name = ${name}`, {
      to: "removed",
      actor,
      reason: "node_removed",
      data: { lost, forgotten, released: ended.length },
    });
    return { name, forgotten, released: ended.length };
  });
}
