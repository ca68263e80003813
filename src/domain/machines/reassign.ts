import { type SQL, sql } from "drizzle-orm";
import type { MachineView } from "../../contract/machine.ts";
import { type Db, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { lockAssignments, lockMachines, lockNodes, lockPool, lockWork } from "../core/locks.ts";
import { getMachine, whichMachine } from "./view.ts";
import { follow } from "../follow/follow.ts";
import { change } from "../core/change.ts";
import { cancelWork } from "../core/operations.ts";
import type { Change } from "../core/touched.ts";
import type { Actor } from "../core/reasons.ts";
import { tearDown } from "../core/teardown.ts";
import { moveAssignments, moveMachines } from "../core/moves.ts";
import { isLiveAssignment } from "../core/live.ts";
import { IS_ABSENT } from "../health/notAlive.ts";

type Standing = {
  id: string;
  name: string;
  pool: string;
  assignment: string;
  username: string;
  absent: boolean;
  /** Its secret parameters were erased after the successful set-up, so it cannot run again. */
  wiped: boolean;
};

/**
 * Gives the tester of a machine another one, on an admin's request: the assignment returns to its old place in the queue,
 * and the set-up starts from the beginning on the new machine. The old machine is held, because the
 * tester's work may be on it; if it no longer exists, it is torn down.
 * @throws WarmpoolError NOT_FOUND, or CONFLICT where no tester has it or its secret parameters are gone.
 */
export async function reassignMachine(db: Db, idOrName: string, actor: Actor): Promise<MachineView> {
  const machine = await change(db, actor, follow, (tx) => takeAway(tx, idOrName, actor));
  return getMachine(db, machine.id);
}

async function takeAway(tx: Change, idOrName: string, actor: Actor): Promise<Standing> {
  const { pool } = await getMachine(tx, idOrName);
  if (pool !== null) await lockPool(tx, pool);
  const which = sql`select m.id from machines m where ${whichMachine(idOrName)}`;
  await lockNodes(tx, sql`n.name in (select node from machines where id in (${which}))`);
  await lockWork(tx, which);
  await lockAssignments(
    tx,
    sql`select id from assignments where machine in (${which}) and ${isLiveAssignment()}`,
  );
  await lockMachines(tx, which);
  const [machine] = await rows<Standing>(
    tx,
    sql`select m.id, m.name, m.pool, a.id as assignment, a.username,
        ${IS_ABSENT} as absent,
        a.secrets = '{}' and a.secret_marks <> '{}' as wiped
      from machines m join nodes n on n.name = m.node join assignments a on a.machine = m.id and ${isLiveAssignment(sql`a`)}
      where m.id in (${which})`,
  );
  if (machine === undefined)
    throw new WarmpoolError(
      "CONFLICT",
      `${idOrName} cannot be reassigned: it has no tester; recreate it without reassign`,
    );
  if (machine.wiped) {
    throw new WarmpoolError(
      "CONFLICT",
      `${machine.name} cannot be reassigned: the secret parameters of ${machine.username} were erased after the set-up; release the assignment, and assign again with them`,
    );
  }
  const only: SQL = sql`select ${machine.id}::uuid`;
  const told = { actor, reason: "replaced" } as const;
  await cancelWork(tx, only);
  await moveAssignments(tx, sql`select ${machine.assignment}::uuid`, {
    ...told,
    to: "waiting",
    from: ["setting_up", "active", "failed"],
    data: { missed: machine.id },
  });
  if (machine.absent) await tearDown(tx, only, told);
  else {
    const note = `was the machine of ${machine.username}, who got another machine`;
    await moveMachines(tx, only, {
      ...told,
      to: "held",
      from: ["assigned"],
      set: sql`hold = jsonb_build_object('by', ${actor}::text, 'at',
        to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'note', ${note}::text)`,
    });
  }
  return machine;
}
