import { sql } from "drizzle-orm";
import { type Db, listOf, rows } from "../../db/client.ts";
import { queueSetupIfDue } from "./keys.ts";
import { endOperation } from "../core/operations.ts";
import type { Actor } from "../core/reasons.ts";
import { tearDown } from "../core/teardown.ts";
import { moveAssignments, moveMachines } from "../core/moves.ts";
import { tell } from "../core/event.ts";
import { bySweep, change } from "../core/change.ts";
import type { Change } from "../core/touched.ts";

/**
 * Set-ups that no relay has leased, on nodes that have become silent: their testers return to their old place in
 * the queue and get the next ready machine elsewhere. The machine becomes suspect, because it could not be probed. A set-up that a relay
 * has leased may have logged in: it stays until the node is heard again or the assignment is released.
 * Earlier swaps do not count here: no machine was tried, so none is at fault, and nothing else would
 * ever give the tester another machine.
 * @returns how many.
 */
export async function swapStranded(db: Db): Promise<number> {
  return change(db, "system:silence", bySweep, async (tx) => {
    const stranded = await rows<{ id: string; machine: string; assignment: string; node: string }>(
      tx,
      sql`select o.id, o.machine, o.assignment, o.node from operations o
        join nodes n on n.name = o.node
        join assignments a on a.id = o.assignment
        where o.kind = 'setup' and o.state = 'queued' and o.first_leased_at is null and n.state = 'silent'
          and a.state = 'setting_up' and a.logged_in_at is null
        order by o.id for no key update of o skip locked`,
    );
    for (const { id, machine, assignment, node } of stranded) {
      await leaveUntried(tx, { id, machine, assignment }, `node ${node} is silent`, "system:silence");
    }
    return stranded.length;
  });
}

/**
 * Takes a tester off a machine that no relay has tried, back to their old place in the queue. The machine becomes
 * suspect without a strike, because it could not be probed; a successful probe makes it ready again.
 */
export async function leaveUntried(
  tx: Change,
  { id, machine, assignment }: { id: string; machine: string; assignment: string },
  cause: string,
  actor: Actor,
): Promise<void> {
  const told = { actor, reason: "swapped", data: { cause, missed: machine } } as const;
  await endOperation(tx, id, "cancelled", null, cause);
  await moveAssignments(tx, sql`select ${assignment}::uuid`, {
    ...told,
    to: "waiting",
    from: ["setting_up"],
    set: sql`swaps = swaps + 1`,
  });
  await moveMachines(tx, sql`select ${machine}::uuid`, { ...told, to: "suspect", from: ["assigned"] });
}

/**
 * Cancels restarts that no relay has started, on nodes that have become silent. The caller wanted a restart at that
 * time; hours later it would only interrupt the tester. A restart that was started may have stopped the machine, so it
 * is finished.
 * @returns how many.
 */
export async function callOffRestarts(db: Db): Promise<number> {
  return change(db, "system:silence", bySweep, async (tx) => {
    const stranded = await rows<{ id: string; machine: string; pool: string; node: string }>(
      tx,
      sql`select o.id, o.machine, m.pool, o.node from operations o
        join nodes n on n.name = o.node join machines m on m.id = o.machine
        where o.kind = 'restart' and o.state = 'queued' and o.first_leased_at is null and n.state = 'silent'
        order by o.id for no key update of o skip locked`,
    );
    for (const { id, machine, pool, node } of stranded) {
      const message = `node ${node} is silent, and its relay never started it`;
      await endOperation(tx, id, "cancelled", null, message);
      const about = { kind: "machine", pool, node, machine, operation: id } as const;
      await tell(tx, { ...about, actor: "system:silence", reason: "restart_failed", data: { message } });
      await queueSetupIfDue(tx, machine);
    }
    return stranded.length;
  });
}

/**
 * Creates that no relay has ever begun, on nodes that have gone silent: they are called off, and what the pool then lacks
 * is made elsewhere. Nothing of them exists. One that was begun may exist and stays booked, for its relay may be making it.
 * @returns how many.
 */
export async function callOffCreates(db: Db): Promise<number> {
  return change(db, "system:silence", bySweep, async (tx) => {
    const stranded = await rows<{ machine: string }>(
      tx,
      sql`select o.machine from operations o
        join nodes n on n.name = o.node join machines m on m.id = o.machine
        where o.kind = 'create' and o.state = 'queued' and o.first_leased_at is null and n.state = 'silent'
          and m.state = 'provisioning'
        order by o.id for no key update of o skip locked`,
    );
    if (stranded.length === 0) return 0;
    const which = listOf(stranded.map(({ machine }) => machine));
    await tearDown(tx, sql`select id from machines where id in (${which})`, {
      from: ["provisioning"],
      actor: "system:silence",
      reason: "called_off",
    });
    return stranded.length;
  });
}
