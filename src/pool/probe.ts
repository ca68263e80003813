import { sql } from "drizzle-orm";
import type { MachineState } from "../contract/machine.ts";
import type { OperationResult } from "../contract/relay.ts";
import { type Db, listOf, rows } from "../db/client.ts";
import type { NotAlive } from "../db/tables/machines.ts";
import { judge, type Verdict } from "./health.ts";
import { tearDown } from "./teardown.ts";
import { json, moveMachines, tell } from "./transition.ts";

export type Probed = Extract<OperationResult, { outcome: "probed" }>;

type Judged = {
  id: string;
  name: string;
  pool: string;
  state: MachineState;
  strikes: number;
  failureThreshold: number;
  probing: boolean;
};

/**
 * Judges a probe in the transaction that stores it. A healthy one writes the node's row and nothing else.
 * Only machines that were probed are judged: one that was made or handed out meanwhile is not in the answers, one that
 * was being restarted was bound to be silent, and one whose state moved since then is judged by the state it has now.
 * @returns pools in which a machine moved, for `match` and `replenish`.
 */
export async function judgeProbe(
  tx: Db,
  node: string,
  operation: { id: string },
  probed: Probed,
): Promise<string[]> {
  const known = await rows<Judged>(
    tx,
    sql`select m.id, m.name, m.pool, m.state, m.strikes, (p.spec ->> 'failureThreshold')::int as "failureThreshold",
        m.ready_at < o.first_leased_at and coalesce(m.restarted_at < o.first_leased_at, true)
          and not exists (select 1 from operations r where r.machine = m.id and r.kind = 'restart'
            and r.state in ('queued', 'leased', 'cancelling')) as probing
      from machines m join pools p on p.name = m.pool, operations o
      where o.id = ${operation.id} and m.node = ${node} and m.state in ('ready', 'suspect', 'assigned', 'held')`,
  );
  const answers = new Map(probed.answers.map((answer) => [answer.id, answer]));
  const listed = probed.listing?.complete === true ? new Set(probed.listing.names) : null;
  const notAlive: Record<string, NotAlive> = {};
  const touched = new Set<string>();
  for (const machine of known) {
    const heard = answers.get(machine.id);
    if (heard === undefined || !machine.probing) continue;
    if (heard.answer !== "alive") notAlive[machine.id] = { answer: heard.answer, cause: heard.cause };
    const verdict = judge(machine, { ...heard, listed: listed === null ? null : listed.has(machine.name) });
    await apply(tx, node, machine, verdict, heard.cause);
    if (verdict.move !== null) touched.add(machine.pool);
  }
  return [...touched, ...(await nodeProbed(tx, node, operation.id, probed, notAlive))];
}

async function apply(
  tx: Db,
  node: string,
  machine: Judged,
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
    actor: `node:${node}` as const,
    reason: verdict.reason,
    data: { cause, strikes: verdict.strikes },
    from: [machine.state],
  };
  if (verdict.move === "deleting") {
    await tearDown(tx, which, move);
    return;
  }
  const strikes = verdict.move === "suspect" ? { set: sql`strikes = ${verdict.strikes}` } : {};
  await moveMachines(tx, which, { ...move, ...strikes, to: verdict.move });
}

/**
 * Notes the probe on the node's row. A node that had come back is online again, if this probe began after its return
 * and brought a complete listing: its ready machines can be claimed again.
 */
async function nodeProbed(
  tx: Db,
  node: string,
  operation: string,
  probed: Probed,
  notAlive: Record<string, NotAlive>,
): Promise<string[]> {
  const [before] = await rows<{ state: string; begun: boolean }>(
    tx,
    sql`select n.state, o.first_leased_at >= n.session_at as begun from nodes n, operations o
      where n.name = ${node} and o.id = ${operation} for no key update of n`,
  );
  const back = before?.state === "returning" && before.begun && probed.listing?.complete === true;
  await tx.execute(sql`
    update nodes set last_probe_at = (select first_leased_at from operations where id = ${operation}),
      last_seen_at = now(), not_alive = ${json(notAlive)}, listing = coalesce(${json(probed.listing)}, listing)
      ${back ? sql`, state = 'online'` : sql``}
    where name = ${node}`);
  if (!back) return [];
  await tell(tx, {
    kind: "node",
    actor: `node:${node}`,
    reason: "probed",
    node,
    before: "returning",
    after: "online",
  });
  const pools = await rows<{ name: string }>(
    tx,
    sql`select distinct pool as name from machines where node = ${node} and state <> 'deleted' union select name from pools`,
  );
  return pools.map((pool) => pool.name);
}

/** Queues a probe of every node whose relay is heard and that has none under way. */
export async function queueProbes(db: Db, nodes?: readonly string[]): Promise<number> {
  const queued = await rows(
    db,
    sql`insert into operations (kind, node)
      select 'probe', n.name from nodes n
      where n.state in ('online', 'returning') ${nodes === undefined ? sql`` : sql`and n.name in (${listOf(nodes)})`}
        and not exists (select 1 from operations o
          where o.node = n.name and o.kind = 'probe' and o.state in ('queued', 'leased', 'cancelling'))
      on conflict (node) where kind = 'probe' and state in ('queued', 'leased', 'cancelling') do nothing
      returning id`,
  );
  return queued.length;
}
