import { sql } from "drizzle-orm";
import type { MachineView } from "../../contract/machine.ts";
import { type Db, iso } from "../../db/client.ts";
import { queueCuts } from "../core/cuts.ts";
import { lockMachine } from "./actions.ts";
import { getMachine } from "./view.ts";
import { cancelWork } from "../core/operations.ts";
import type { Actor } from "../core/reasons.ts";
import { assertHeard, queueRestart } from "./restart.ts";
import { change } from "../core/change.ts";
import { follow } from "../follow/follow.ts";
import { tell } from "../core/event.ts";

/**
 * Access that must end now is ended from outside the machine, for its tester may be root there: its node stops it. Its
 * data, its host key and its assignment stay. A node that is not heard does so as soon as it is heard again.
 * @throws WarmpoolError NOT_FOUND, or CONFLICT where nobody has it or it is cut already.
 */
export async function cutMachine(
  db: Db,
  idOrName: string,
  note: string | undefined,
  actor: Actor,
): Promise<MachineView> {
  const machine = await change(db, actor, follow, async (tx) => {
    const locked = await lockMachine(tx, idOrName, "cut");
    const { id, pool, node } = locked;
    // A set-up that hangs on the machine, or a restart, must not keep it up. What it was to do is done after the uncut.
    await cancelWork(tx, sql`select ${id}::uuid`);
    await tx.execute(sql`
      update machines set cut = jsonb_build_object('by', ${actor}::text, 'at', ${iso(sql`now()`)},
        'note', ${note ?? null}::text, 'doneAt', null) where id = ${id}`);
    const data = note === undefined ? {} : { data: { note } };
    await tell(tx, { kind: "machine", actor, reason: "cut", pool, node, machine: id, ...data });
    await queueCuts(tx);
    return locked;
  });
  return getMachine(db, machine.id);
}

/**
 * Starts a machine that was cut. Keys that were replaced in the meantime are installed as soon as it responds; until then the
 * ones before open it.
 * @throws WarmpoolError NOT_FOUND, or CONFLICT if it is not cut, or if no relay could start it.
 */
export async function uncutMachine(db: Db, idOrName: string, actor: Actor): Promise<MachineView> {
  const machine = await change(db, actor, follow, async (tx) => {
    const locked = await lockMachine(tx, idOrName, "uncut");
    await assertHeard(tx, locked);
    const { id, pool, node } = locked;
    await cancelWork(tx, sql`select ${id}::uuid`);
    await tx.execute(sql`update machines set cut = null where id = ${id}`);
    await tell(tx, { kind: "machine", actor, reason: "uncut", pool, node, machine: id });
    await queueRestart(tx, locked);
    return locked;
  });
  return getMachine(db, machine.id);
}
