import { sql } from "drizzle-orm";
import { type Db, rows } from "../db/client.ts";
import type { Actor } from "./reasons.ts";
import { SETTINGS } from "./settings.ts";
import { tearDown } from "./teardown.ts";

/**
 * How machines that the pool's spec has left behind, or whose time is over, give way to new ones. Both are stale by one
 * comparison: their `machine_spec` is not the pool's.
 */
const EXPIRED = "expired";

/**
 * Makes machines stale that are older than the pool's `machineTtlSeconds`, each up to a tenth of it sooner, so that those
 * made together do not go together.
 * @returns how many.
 */
export async function expireMachines(db: Db): Promise<number> {
  const jitter = sql`(1 - 0.1 * get_byte(decode(md5(m.id::text), 'hex'), 0) / 255)`;
  const expired = await rows(
    db,
    sql`update machines m set machine_spec = ${EXPIRED} from pools p
      where p.name = m.pool and p.spec ? 'machineTtlSeconds' and m.state in ('ready', 'suspect')
        and m.machine_spec <> ${EXPIRED}
        and m.ready_at < now() - make_interval(secs => (p.spec ->> 'machineTtlSeconds')::int * ${jitter})
      returning m.id`,
  );
  return expired.length;
}

/**
 * Takes down one stale machine so that there is room for a new one: the longest-ready, on a node that would then take a
 * new one. Call it under the pool's row lock, where the pool is full.
 */
export async function replaceFirst(tx: Db, pool: string, actor: Actor): Promise<void> {
  await tearDown(
    tx,
    sql`select m.id from machines m join pools p on p.name = m.pool join nodes n on n.name = m.node
      where m.pool = ${pool} and m.state = 'ready' and m.machine_spec <> p.machine_spec
        and n.state = 'online' and n.scheduling = 'open' and (not p.spec ? 'nodes' or p.spec -> 'nodes' ? n.name)
        and coalesce(n.inventory_at > now() - make_interval(secs => ${SETTINGS.inventoryStaleSeconds}), true)
        and not exists (select 1 from brakes b where b.node = n.name and b.released_at is null)
      order by m.ready_at limit 1`,
    { from: ["ready"], actor, reason: "stale" },
  );
}

/**
 * Takes down one ready machine of a pool that has more than its target: a stale one before a current one, the
 * longest-ready first, none of a braked node. Call it under the pool's row lock.
 * @returns how many went.
 */
export async function takeSurplus(tx: Db, pool: string, actor: Actor): Promise<number> {
  const [chosen] = await rows<{ id: string; stale: boolean }>(
    tx,
    sql`select m.id, m.machine_spec <> p.machine_spec as stale
      from machines m join pools p on p.name = m.pool join nodes n on n.name = m.node
      where m.pool = ${pool} and m.state = 'ready' and n.state = 'online'
        and not exists (select 1 from brakes b where b.node = n.name and b.released_at is null)
      order by stale desc, m.ready_at limit 1`,
  );
  if (chosen === undefined) return 0;
  const reason = chosen.stale ? "stale" : "surplus";
  const down = await tearDown(tx, sql`select ${chosen.id}::uuid`, { from: ["ready"], actor, reason });
  return down.length;
}
