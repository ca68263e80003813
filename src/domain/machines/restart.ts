import { sql } from "drizzle-orm";
import type { MachineView } from "../../contract/machine.ts";
import { type Db, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { stateNow } from "../core/nodeSilence.ts";
import { lockMachine } from "./actions.ts";
import { follow } from "../follow/follow.ts";
import { getMachine } from "./view.ts";
import type { Actor } from "../core/reasons.ts";
import { moveMachines } from "../core/moves.ts";
import { change } from "../core/change.ts";
import { tell } from "../core/event.ts";
import { moveOperations } from "../core/operationMoves.ts";

/**
 * Has the machine's relay stop and start it. Its name, host key, data and assignment stay. A ready machine is suspect
 * from now on, so that nobody gets it before it has been probed again; others keep their state. A set-up that stands
 * still because the machine is dead goes on after it.
 * @throws WarmpoolError NOT_FOUND, or CONFLICT where something else is done on it, or where no relay could do it.
 */
export async function restartMachine(db: Db, idOrName: string, actor: Actor): Promise<MachineView> {
  const machine = await change(db, actor, follow, async (tx) => {
    const locked = await lockMachine(tx, idOrName, "restart");
    await assertHeard(tx, locked);
    // `can` allows this set-up: it is stuck on the dead machine, and is queued again when the restart has ended.
    await moveOperations(tx, sql`machine = ${locked.id} and kind = 'setup'`, {
      to: "cancelled",
      set: sql`error = 'its machine is restarted'`,
    });
    const suspect = await moveMachines(tx, sql`select ${locked.id}::uuid`, {
      to: "suspect",
      from: ["ready"],
      actor,
      reason: "restart",
    });
    if (suspect.length === 0) {
      const { id, pool, node } = locked;
      await tell(tx, { kind: "machine", actor, reason: "restart", pool, node, machine: id });
    }
    await queueRestart(tx, locked);
    return locked;
  });
  return getMachine(db, machine.id);
}

export async function queueRestart(tx: Db, { id, node }: { id: string; node: string }): Promise<void> {
  await tx.execute(sql`insert into operations (kind, node, machine) values ('restart', ${node}, ${id})`);
}

/** A restart that waited for a node to come back would interrupt the tester at an unexpected time. */
export async function assertHeard(tx: Db, { name, node }: { name: string; node: string }): Promise<void> {
  const [row] = await rows<{ state: string }>(
    tx,
    sql`select ${stateNow()} as state from nodes n where name = ${node}`,
  );
  if (row?.state === "online" || row?.state === "returning") return;
  throw new WarmpoolError(
    "CONFLICT",
    `${name} cannot be restarted: its node ${node} is ${row?.state ?? "gone"}, so no relay can do it; retry when its relay is online`,
  );
}
