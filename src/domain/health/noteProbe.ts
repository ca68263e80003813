import { type SQL, sql } from "drizzle-orm";
import type { Listing } from "../../contract/listing.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import type { NotAlive } from "../../db/tables/nodes.ts";
import { type HeardMachine, type KnownMachine, mayChange, type Probed } from "./heard.ts";
import { lockMachines, lockWork } from "../core/locks.ts";
import { json } from "../core/event.ts";
import { isLiveOperation, isMade } from "../core/live.ts";
import { specNumber } from "../core/spec.ts";

/** What a probe's result finds in the rows of its node and machines, what it locks, and what the node's row keeps of it. */

/** The node as it stood when the probe's result came in; its row was locked before that was read. */
export type ProbedNode = {
  scope: "suspects" | null;
  /** It has come back, and nothing of it is proven yet. */
  returning: boolean;
  /** The probe began after the node's return and brought a complete listing: claims start again. */
  returns: boolean;
  notAlive: Record<string, NotAlive>;
  braked: boolean;
  /** When the probe began. */
  at: string;
};

export async function readProbedNode(
  tx: Db,
  node: string,
  operation: string,
  probed: Probed,
): Promise<ProbedNode> {
  const [row] = await rows<ProbedNode>(
    tx,
    sql`select o.scope, ${iso(sql`o.first_leased_at`)} as at, n.state = 'returning' as returning, n.not_alive as "notAlive", exists (select 1 from brakes b where b.node = n.name) as braked,
        n.state = 'returning' and o.scope is null and o.first_leased_at >= n.session_at
          and ${probed.listing?.complete === true} as returns
      from nodes n, operations o where n.name = ${node} and o.id = ${operation}`,
  );
  if (row === undefined) throw new Error(`the node ${node} of a probe is gone`);
  return row;
}

/** The node's machines that the probe may judge: they were there when it began, and nothing is done with them that silences them. */
export function readProbedMachines(tx: Db, node: string, operation: string): Promise<KnownMachine[]> {
  return rows<KnownMachine>(
    tx,
    sql`select m.id, m.name, m.pool, m.state, m.strikes, ${specNumber("failureThreshold")} as "failureThreshold",
        p.paused, m.cut is not null as cut,
        coalesce(m.number <= (n.orphan_brake ->> 'seen')::bigint, false) as doubtful
      from machines m join pools p on p.name = m.pool join nodes n on n.name = m.node, operations o
      where o.id = ${operation} and m.node = ${node} and ${isMade(sql`m`)}
        and m.ready_at < o.first_leased_at and coalesce(m.restarted_at < o.first_leased_at, true)
        and not exists (select 1 from operations r where r.machine = m.id and r.kind in ('restart', 'cut')
          and ${isLiveOperation(sql`r`)})`,
  );
}

/**
 * Locks those machines that what was heard may change, and before them the work on those that may go down: all at once,
 * because one by one as they were heard is another order than everybody else's.
 */
export async function lockHeard(
  tx: Db,
  node: string,
  machines: readonly HeardMachine[],
  { answers }: Probed,
): Promise<void> {
  const moved = answers.flatMap(({ id, moved: to }) => (to === undefined ? [] : [id]));
  const changed = machines.filter(mayChange).map(({ known }) => known.id);
  const ids = [...new Set([...moved, ...changed])];
  if (ids.length === 0) return;
  const which = sql`select id from machines
    where node = ${node} and id in (select i::uuid from jsonb_array_elements_text(${json(ids)}) i)`;
  await lockWork(tx, which);
  await lockMachines(tx, which);
}

/** Notes on the node's row what was heard; a second look changes only what it asked about. */
export async function noteProbe(
  tx: Db,
  node: string,
  operation: string,
  { scope }: ProbedNode,
  probed: Probed,
  notAlive: Record<string, NotAlive>,
): Promise<void> {
  const asked = probed.answers.map(({ id }) => id);
  await tx.execute(
    scope === null
      ? sql`update nodes set last_probe_at = (select first_leased_at from operations where id = ${operation}),
          last_seen_at = now(), not_alive = ${json(notAlive)}, listing = coalesce(${keptListing(probed.listing)}, listing)
        where name = ${node}`
      : sql`update nodes set not_alive =
          (not_alive - array(select jsonb_array_elements_text(${json(asked)}))) || ${json(notAlive)}
        where name = ${node}`,
  );
}

/** What is kept of a listing on its node's row, for a column `listing`. */
export function keptListing(listing: Listing | null): SQL {
  return json(listing === null ? null : { startedAt: listing.startedAt });
}
