import { type SQL, sql } from "drizzle-orm";
import type { MachineAction, MachineState, MachineView } from "../../contract/machine.ts";
import type { OperationKind } from "../../contract/operation.ts";
import { type Db, rows } from "../../db/client.ts";
import { whyNot } from "./can.ts";
import { WarmpoolError } from "../core/errors.ts";
import { lockMachines, lockNodes, lockWork } from "../core/locks.ts";
import { getMachine, whichMachine } from "./view.ts";
import { IS_ABSENT, IS_DEAD } from "../health/notAlive.ts";
import { follow } from "../follow/follow.ts";
import { change } from "../core/change.ts";
import type { Actor } from "../core/reasons.ts";
import { tearDown } from "../core/teardown.ts";
import { json } from "../core/event.ts";
import { heldBy } from "../core/hold.ts";
import { moveMachines } from "../core/moves.ts";
import { moveOperations } from "../core/operationMoves.ts";
import { isLiveAssignment, isLiveOperation } from "../core/live.ts";
import { type Change, touch } from "../core/touched.ts";

/**
 * What an admin does with one machine. Each looks at the machine under its lock, refuses by the words of `can`, and
 * moves it by the table like everybody else.
 */
export type LockedMachine = {
  id: string;
  name: string;
  /** Null for an orphan. */
  pool: string | null;
  node: string;
  state: MachineState;
  assignment: { id: string; username: string } | null;
  operation: { kind: OperationKind } | null;
  /** Some tester has had it, so it never goes back to the pool. */
  used: boolean;
  /** Set while its access is cut. */
  cut: object | null;
  /** Its node does not list it any more. */
  absent: boolean;
  /** It did not answer its node's last probe. */
  dead: boolean;
};

/**
 * Locks the machine by id or name, its node and its live operation first. The node, because of two people who act on one
 * machine at once the second would else meet an operation that the first has just queued, with the machine in hand.
 * @throws WarmpoolError NOT_FOUND, or CONFLICT where `action` cannot be done with it now.
 */
export async function lockMachine(tx: Db, idOrName: string, action: MachineAction): Promise<LockedMachine> {
  const which = whichMachine(idOrName);
  const ids = sql`select m.id from machines m where ${which}`;
  await lockNodes(tx, sql`n.name in (select m.node from machines m where ${which})`);
  await lockWork(tx, ids);
  await lockMachines(tx, ids);
  const [machine] = await rows<LockedMachine>(
    tx,
    sql`select m.id, m.name, m.pool, m.node, m.state, m.cut,
        case when a.id is not null then jsonb_build_object('id', a.id, 'username', a.username) end as assignment,
        case when o.id is not null then jsonb_build_object('kind', o.kind) end as operation,
        exists (select 1 from assignments e where e.machine = m.id) as used,
        ${IS_ABSENT} as absent,
        ${IS_DEAD} as dead
      from machines m join nodes n on n.name = m.node
      left join assignments a on a.machine = m.id and ${isLiveAssignment(sql`a`)}
      left join operations o on o.machine = m.id and ${isLiveOperation(sql`o`)}
      where ${which}`,
  );
  if (machine === undefined)
    throw new WarmpoolError("NOT_FOUND", `there is no machine with the id or name ${idOrName}`);
  const why = whyNot(action, machine);
  if (why !== null) throw new WarmpoolError("CONFLICT", `${machine.name} cannot be ${PAST[action]}: ${why}`);
  return machine;
}

const PAST: Record<MachineAction, string> = {
  recreate: "recreated",
  restart: "restarted",
  hold: "held",
  unhold: "unheld",
  cut: "cut off",
  uncut: "uncut",
  forget: "forgotten",
  release: "released",
};

const only = (machine: { id: string }): SQL => sql`select ${machine.id}::uuid`;

/**
 * Tears the machine down; the pool creates another one under a new name if needed.
 * @throws WarmpoolError NOT_FOUND, or CONFLICT if it has a tester or is being torn down.
 */
export async function recreateMachine(db: Db, idOrName: string, actor: Actor): Promise<MachineView> {
  const machine = await change(db, actor, follow, async (tx) => {
    const locked = await lockMachine(tx, idOrName, "recreate");
    await tearDown(tx, only(locked), { actor, reason: "recreated", data: { from: locked.state } });
    return locked;
  });
  return getMachine(db, machine.id);
}

/**
 * Takes the machine out of the pool, for a person to look at. A tester who has it keeps it.
 * @throws WarmpoolError NOT_FOUND, or CONFLICT in a state from which it cannot be held.
 */
export async function holdMachine(
  db: Db,
  idOrName: string,
  note: string | undefined,
  actor: Actor,
): Promise<MachineView> {
  const machine = await change(db, actor, follow, async (tx) => {
    const locked = await lockMachine(tx, idOrName, "hold");
    await moveMachines(tx, only(locked), {
      to: "held",
      actor,
      reason: "held",
      ...(note === undefined ? {} : { data: { note } }),
      set: heldBy(actor, note ?? null),
    });
    return locked;
  });
  return getMachine(db, machine.id);
}

/**
 * Gives a held machine back: to its tester where one has it; else to the pool as `suspect`, to be probed before
 * anybody gets it; else, when a tester has had it, down.
 * @throws WarmpoolError NOT_FOUND, or CONFLICT if it is not held.
 */
export async function unholdMachine(db: Db, idOrName: string, actor: Actor): Promise<MachineView> {
  const machine = await change(db, actor, follow, async (tx) => {
    const locked = await lockMachine(tx, idOrName, "unhold");
    const move = { actor, reason: "unheld", from: ["held"] } as const;
    const to = afterHold(locked);
    if (to === "deleting") await tearDown(tx, only(locked), move);
    else if (to === "assigned") await moveMachines(tx, only(locked), { ...move, to });
    else {
      await moveMachines(tx, only(locked), { ...move, to, set: sql`strikes = 0` });
      touch(tx.touched, ["probe"], locked);
    }
    return locked;
  });
  return getMachine(db, machine.id);
}

/** Where a held machine goes. One that a tester has had never returns to the pool. */
export function afterHold(machine: {
  assignment: object | null;
  used: boolean;
}): "assigned" | "suspect" | "deleting" {
  if (machine.assignment !== null) return "assigned";
  return machine.used ? "deleting" : "suspect";
}

/**
 * Takes the machine off the books without proof that it is gone, on record with the admin's words: for a row whose
 * teardown can never end. A VM that is still there is an orphan from now on, and found as one by its mark.
 * @throws WarmpoolError NOT_FOUND, or CONFLICT where a tester has it or it is gone already.
 */
export async function forgetMachine(
  db: Db,
  idOrName: string,
  note: string | undefined,
  actor: Actor,
): Promise<MachineView> {
  const machine = await change(db, actor, follow, async (tx) => {
    const locked = await lockMachine(tx, idOrName, "forget");
    await forgetMachines(tx, only(locked), note ?? null, actor);
    return locked;
  });
  return getMachine(db, machine.id);
}

/**
 * Forgets the machines that `which` selects, but none with a live assignment. Whatever a relay does on them is
 * cancelled: its result will be stale.
 * @returns how many were forgotten.
 */
export async function forgetMachines(
  tx: Change,
  which: SQL,
  note: string | null,
  actor: Actor,
): Promise<number> {
  const why = { actor, reason: "forgotten", ...(note === null ? {} : { data: { note } }) } as const;
  await tearDown(tx, which, why);
  const free = sql`select id from machines where id in (${which}) and state = 'deleting'`;
  await moveOperations(tx, sql`machine in (${free})`, { to: "cancelled" });
  const receipt = { kind: "forgotten", listingStartedAt: null, storageProof: "none", by: actor, note };
  const forgotten = await moveMachines(tx, free, {
    ...why,
    to: "deleted",
    set: sql`receipt = ${json(receipt)}`,
  });
  return forgotten.length;
}
