import { type SQL, sql } from "drizzle-orm";
import { type Db, listOf, rows } from "../../db/client.ts";
import { noteHighest } from "../orphans/restoredBackup.ts";
import { type Leased, leaseLost, type Standing } from "../core/leased.ts";
import { moveNodes } from "../core/nodeMoves.ts";
import { moveOperations, operationLeases } from "../core/operationMoves.ts";
import { SETTINGS } from "../core/limits.ts";
import { concurrencyOf } from "../core/nodeSettings.ts";
import { change } from "../core/change.ts";
import type { Actor } from "../core/reasons.ts";
import type { Change } from "../core/touched.ts";
import { follow } from "../follow/follow.ts";
import { anyLeftElsewhere, takeOver } from "./takeOver.ts";

/**
 * Leases: a relay session's time-limited right to one operation. Each carries a fencing token higher than all before
 * it; whatever comes with another token than the row's changes nothing. What is leased again is what is queued and
 * due, what ran out of its lease, and what an earlier session of the same node held: that session is superseded.
 */
export type Free = { setups: number; others: number };

/**
 * Leases what the node may work on now, testers' set-ups first, and deletes before creates: a delete ends somebody's
 * access and frees room. A restart or a cut, for which a person waits, stands in no line behind them; nor does an import. Creates and deletes together never exceed
 * the node's concurrency, whoever asks: its row is locked while they are counted.
 * @param highest the highest machine number that the relay has seen; before it is leased anything, a database that knows
 * less is found to be an older copy (src/domain/orphans/restoredBackup.ts).
 * @throws WarmpoolError LEASE_LOST where a newer session of the node has taken over.
 */
export async function leaseWork(
  db: Db,
  node: string,
  session: string,
  free: Free,
  highest = 0,
): Promise<Leased[]> {
  const [waiting] = await rows<{ any: boolean; others: boolean; current: boolean; behind: boolean }>(
    db,
    sql`select exists (${due(node, session)}) as any, ${anyLeftElsewhere(node)} as others,
      exists (select 1 from nodes where name = ${node} and session = ${session}) as current,
      exists (select 1 from nodes where name = ${node} and highest_machine_number < ${highest}) as behind`,
  );
  // A session that is superseded during a poll gets that error at once, and ends.
  if (waiting?.current !== true) throw leaseLost(`session ${session}`);
  if (waiting.behind) {
    await askFirst(db, node);
    await noteHighest(db, node, highest);
  }
  const taken = waiting.others && free.setups > 0 ? await takeOver(db, node, free.setups) : 0;
  if (!waiting.any && taken === 0) return [];
  const actor: Actor = `node:${node}`;
  return change(db, actor, follow, async (tx) => {
    const [current] = await rows(
      tx,
      sql`select ${liftFencing()} from nodes
        where name = ${node} and session = ${session} and highest_machine_number >= ${highest} for no key update`,
    );
    if (current === undefined) return [];
    await endAbandoned(tx, node, session);
    const leased = await rows<Leased>(
      tx,
      sql`with due as (${due(node, session)}),
      busy as (
        select count(*)::int as count from operations
        where node = ${node} and kind in ('create', 'delete') and state in ('leased', 'cancelling')
          and session = ${session} and lease_until > now()
      ),
      setups as (select id from due where kind = 'setup' order by created_at limit ${free.setups}),
      probes as (select id from due where kind = 'probe' order by created_at limit 1),
      restarts as (select id from due where kind in ('restart', 'cut', 'import', 'unmark') order by created_at limit ${free.others}),
      heavy as (
        select id from due where kind in ('create', 'delete') order by kind = 'create', created_at
        limit greatest(0, least(${free.others}::int,
          (select ${concurrencyOf()} from nodes n where n.name = ${node}) - (select count from busy)))
      ),
      chosen as (select id from setups union all select id from probes
        union all select id from restarts union all select id from heavy)
      ${operationLeases(
        sql`id in (select id from chosen) and ${isDue(node, session)}`,
        sql`session = ${session}, token = nextval('fencing'), attempt = attempt + 1,
          lease_until = now() + make_interval(secs => ${SETTINGS.leaseSeconds}),
          first_leased_at = coalesce(first_leased_at, now())`,
      )}
      returning id, kind, session, token, attempt, machine, assignment, node, scope`,
    );
    await noteCreates(tx, node, leased);
    return leased;
  });
}

/** What an older copy of the database says of the node's machines counts only once they have been probed. */
async function askFirst(db: Db, node: string): Promise<void> {
  const actor: Actor = `node:${node}`;
  await change(db, actor, follow, (tx) =>
    moveNodes(tx, sql`name = ${node}`, {
      to: "returning",
      from: ["online"],
      actor,
      reason: "database_behind",
    }),
  );
}

/**
 * Brings the fences up to the milliseconds of the clock, and so above all that a machine has ever seen, also if the database
 * is an older copy. They never go down: the sequence keeps what the clock once said, and fewer leases than milliseconds
 * pass. Two nodes may then draw the same one, which is harmless, because a fence is compared with those of its own machine.
 */
function liftFencing(): SQL {
  const now = sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`;
  return sql`(select setval('fencing', ${now}) from fencing where last_value < ${now})`;
}

/** From its create on a relay remembers a machine's number, and so must its node's row. */
async function noteCreates(tx: Db, node: string, leased: readonly Leased[]): Promise<void> {
  const creates = leased.flatMap(({ kind, machine }) =>
    kind === "create" && machine !== null ? [machine] : [],
  );
  if (creates.length === 0) return;
  await tx.execute(sql`
    update nodes set highest_machine_number = greatest(highest_machine_number,
      (select max(number) from machines where id in (${listOf(creates)})))
    where name = ${node}`);
}

function due(node: string, session: string) {
  return sql`select id, kind, created_at from operations where ${isDue(node, session)}`;
}

/** Rechecked for the leased rows: one that was locked may have ended in the meantime. */
function isDue(node: string, session: string) {
  return sql`node = ${node} and (state = 'queued' and not_before <= now()
    or state in ('leased', 'cancelling') and ${left(session)})`;
}

/** Held by nobody any more: the lease ran out, or belongs to an earlier session of the node. */
function left(session: string) {
  return sql`(lease_until <= now() or session <> ${session})`;
}

/** Creates that are no longer wanted and whose relay is gone: they end here, and the delete takes over. */
async function endAbandoned(tx: Change, node: string, session: string): Promise<void> {
  const abandoned = sql`node = ${node} and ${left(session)}`;
  await moveOperations(tx, abandoned, { to: "cancelled", from: ["cancelling"] });
}

export type Renewal = { id: string; token: number };

/** Prolongs the leases of the node that still stand; the others are not in the answer, and are lost. */
export async function renewLeases(
  db: Db,
  node: string,
  session: string,
  renewals: readonly Renewal[],
): Promise<Map<string, "held" | "cancelling">> {
  const standing = await rows<{ id: string; state: string; token: number }>(
    db,
    sql`update operations set lease_until = now() + make_interval(secs => ${SETTINGS.leaseSeconds})
      where id in (${listOf(renewals.map((renewal) => renewal.id))}) and node = ${node} and session = ${session}
        and token in (${listOf(renewals.map((renewal) => renewal.token))})
        and state in ('leased', 'cancelling')
      returning id, state, token`,
  );
  const asked = new Map(renewals.map((renewal) => [renewal.id, renewal.token]));
  return new Map(
    standing
      .filter((row) => asked.get(row.id) === row.token)
      .map((row) => [row.id, row.state === "cancelling" ? "cancelling" : "held"]),
  );
}

/**
 * Locks an operation for its finish. Null if the fence is no longer that of the row: the result is stale.
 * A lease that merely ran out and that nobody took over still counts: nothing happened in between.
 */
export async function lockLease(
  tx: Db,
  session: string,
  id: string,
  token: number,
): Promise<Standing | null> {
  const [row] = await rows<Standing>(
    tx,
    sql`select o.id, o.kind, o.session, o.token, o.attempt, o.machine, o.assignment, o.node, o.scope, o.state, m.pool
      from operations o left join machines m on m.id = o.machine
      where o.id = ${id} and o.token = ${token} and o.session = ${session} and o.state in ('leased', 'cancelling')
      for no key update of o`,
  );
  return row ?? null;
}
