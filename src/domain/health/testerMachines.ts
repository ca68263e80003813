import { own } from "../../contract/own.ts";
import { type SQL, sql } from "drizzle-orm";
import { type Db, iso } from "../../db/client.ts";
import type { NotAlive } from "../../db/tables/nodes.ts";
import { isSilent } from "../core/nodeSilence.ts";
import { tell } from "../core/event.ts";
import { isLiveAssignment } from "../core/live.ts";
import { IS_DEAD_FOR_LONG, NOT_ALIVE, notAlive } from "./notAlive.ts";

/**
 * Testers' machines that are down: stopped or deleted behind Warmpool's back, or without an answer for longer than a
 * restart takes. They are not changed automatically, because a tester's work is on them, so every view must report them.
 */

/** Whether the machine `m` of a node `n`, which is heard, is down. One that is cut is so by a person's word. */
export const IS_DOWN: SQL = sql`(m.cut is null and not ${isSilent()} and (${NOT_ALIVE} ? 'down'
  or ${IS_DEAD_FOR_LONG}))`;

/** One down machine of a pool, with its tester: `since` by the clock of the database. */
export type DownMachine = {
  machine: string;
  username: string;
  what: "stopped" | "absent" | "dead";
  since: string;
};

/** Those of the pool `p`, as jsonb. */
export const DOWN_OF_POOL: SQL = sql`(
  select coalesce(jsonb_agg(jsonb_build_object('machine', m.name, 'username', a.username,
      'what', coalesce(${notAlive("down")}, 'dead'),
      'since', ${iso(sql`${notAlive("since")}::timestamptz`)}) order by m.number), '[]')
  from assignments a join machines m on m.id = a.machine join nodes n on n.name = m.node
  where a.pool = p.name and ${isLiveAssignment(sql`a`)} and m.state = 'assigned' and ${IS_DOWN})`;

/** What happened to a machine, as text that follows its name. */
export const DOWN_WORDS: Record<DownMachine["what"], string> = {
  stopped: "is stopped on its node",
  absent: "no longer exists on its node",
  dead: "does not respond",
};

type HeardMachine = { known: { id: string; pool: string; state: string; cut: boolean } };

/** An event for each tester's machine that went down or came back, once and not at every probe. */
export async function tellTesterMachines(
  tx: Db,
  node: string,
  machines: readonly HeardMachine[],
  before: Readonly<Record<string, NotAlive>>,
  after: Readonly<Record<string, NotAlive>>,
): Promise<void> {
  for (const { known } of machines) {
    const [was, is] = [own(before, known.id)?.down, own(after, known.id)?.down];
    if (known.state !== "assigned" || known.cut || was === is) continue;
    const { id: machine, pool } = known;
    await tell(tx, {
      kind: "machine",
      actor: `node:${node}`,
      reason: is === undefined ? "tester_machine_up" : "tester_machine_down",
      pool,
      node,
      machine,
      data: { was: was ?? null, is: is ?? null, cause: own(after, known.id)?.cause ?? null },
    });
  }
}
