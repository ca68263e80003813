import { type SQL, sql } from "drizzle-orm";
import { listOf } from "../../db/client.ts";
import { lockMachines, lockWork } from "./locks.ts";
import { cancelWork } from "./operations.ts";
import { json } from "./event.ts";
import { type MachineMove, moveMachines, type MovedMachine } from "./moves.ts";
import { isLiveAssignment } from "./live.ts";
import type { Change } from "./touched.ts";

/**
 * The one way down: machines turn `deleting`, work on them is taken away, and their deletes follow, in one
 * transaction. Those whose create no relay ever began are gone already, and their receipt says so.
 * A machine with a live assignment is left alone by the guard in here, whoever asks: release comes first.
 */
export async function tearDown(
  tx: Change,
  which: SQL,
  move: Omit<MachineMove, "to">,
): Promise<MovedMachine[]> {
  const unassigned = sql`select m.id from machines m where m.id in (${which}) and not exists (
    select 1 from assignments a where a.machine = m.id and ${isLiveAssignment(sql`a`)})`;
  await lockWork(tx, which);
  // In a statement of its own: only the next one sees the assignment of a claim that was under way.
  await lockMachines(tx, which);
  const moved = await moveMachines(tx, unassigned, { ...move, to: "deleting" });
  if (moved.length === 0) return moved;
  const never = await cancelWork(tx, listOf(moved.map((machine) => machine.id)));
  if (never.length > 0) {
    const receipt = { kind: "never-started", listingStartedAt: null, storageProof: "none" };
    await moveMachines(tx, listOf(never), {
      to: "deleted",
      actor: move.actor,
      reason: "never_started",
      set: sql`receipt = ${json(receipt)}`,
    });
  }
  return moved;
}
