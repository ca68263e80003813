import { sql } from "drizzle-orm";
import type { Endpoint } from "../../contract/machine.ts";
import { type Db, rows } from "../../db/client.ts";
import { isLiveAssignment, isLiveMachine, isLiveNode } from "../core/live.ts";
import { isOnline } from "../core/nodeSilence.ts";
import { readSituation } from "../supply/applyPlan.ts";
import { population } from "../supply/plan.ts";
import type { Candidate, ImportFacts } from "./judge.ts";

/** What an import is judged by, of a pool that there is. */
export async function readFacts(
  tx: Db,
  { username, pool, node, machine }: Candidate,
  dialled: Endpoint | null,
): Promise<ImportFacts> {
  const [facts] = await rows<Omit<ImportFacts, "population" | "maxSize">>(
    tx,
    sql`select
      (select jsonb_build_object('isOnline', ${isOnline()}) from nodes n
        where n.name = ${node} and ${isLiveNode(sql`n`)}) as node,
      (select jsonb_build_object('state', a.state, 'machine', m.name, 'node', m.node)
        from testers t join assignments a on a.id = t.assignment left join machines m on m.id = a.machine
        where t.pool = ${pool} and t.username = ${username}) as holds,
      (select jsonb_build_object('node', m.node, 'username', a.username)
        from machines m left join assignments a on a.machine = m.id and ${isLiveAssignment(sql`a`)}
        where m.name = ${machine} and ${isLiveMachine(sql`m`)}) as named,
      (select m.name from machines m where m.node = ${node} and ${isLiveMachine(sql`m`)} and m.name <> ${machine}
        and m.dial_host = ${dialled?.host ?? null}::text and m.dial_port = ${dialled?.port ?? null}::int
        limit 1) as neighbour`,
  );
  if (facts === undefined) throw new Error("a select without a table gave no row");
  const { counts, maxSize } = await readSituation(tx, pool);
  return { ...facts, population: population(counts), maxSize };
}
