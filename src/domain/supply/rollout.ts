import { sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { isOnline } from "../core/nodeSilence.ts";
import type { Actor } from "../core/reasons.ts";
import { isAllThere, type PoolPlan } from "./plan.ts";
import { tearDown } from "../core/teardown.ts";
import { isBraked } from "../core/live.ts";
import { specNumber } from "../core/spec.ts";
import type { Change } from "../core/touched.ts";

/**
 * How machines that the pool's spec has left behind, whose time is over, or whose node is being drained, give way to new
 * ones. The first two are stale by one comparison: their `machine_spec` is not the pool's.
 */
const EXPIRED = "expired";

/** A ready machine that should give way; of tables `m` machines, `p` pools and `n` nodes. */
export const GIVES_WAY = sql`(m.machine_spec <> p.machine_spec or n.scheduling = 'draining')`;

/**
 * Makes machines stale that are older than the pool's `machineTtlSeconds`, each up to a tenth of it sooner, so that those
 * made together do not go together.
 * @returns how many.
 */
export async function expireMachines(db: Db): Promise<number> {
  const jitter = sql`(1 - 0.1 * get_byte(decode(md5(m.id::text), 'hex'), 0) / 255)`;
  const lifetime = specNumber("machineTtlSeconds");
  const expired = await rows(
    db,
    sql`with old as (
        select m.id from machines m join pools p on p.name = m.pool
        where ${lifetime} is not null and m.state in ('ready', 'suspect') and m.machine_spec <> ${EXPIRED}
          and m.ready_at < now() - make_interval(secs => ${lifetime} * ${jitter})
        order by m.id for no key update of m
      )
      update machines set machine_spec = ${EXPIRED} from old where machines.id = old.id returning machines.id`,
  );
  return expired.length;
}

/**
 * Whether a stale machine is removed now, before its successor is created: the plan decides so, or the successor that the plan wanted
 * first found no node. Pure. Never while an earlier one is pending: the pool is at most one machine short.
 * @param created how many machines of the plan were really inserted
 */
export function givesWayFirst(
  situation: Parameters<typeof isAllThere>[0],
  plan: Pick<PoolPlan, "replace">,
  created: number,
): boolean {
  return plan.replace === "first" || (plan.replace === "after" && created === 0 && isAllThere(situation));
}

/** Machines that give way are looked at in this number for one whose room is enough. */
const LOOKS = 50;

/**
 * Tears down one machine to make room for a new one: the longest-ready that makes enough room, on
 * a node that could then take a new one, or on any node if there is room `elsewhere`. None is removed without need. Call it under
 * the pool's row lock, if the pool is full.
 * @param wouldFit whether a new one finds room once the machine of this name is gone
 */
export async function replaceFirst(
  tx: Change,
  pool: string,
  room: "where it was" | "elsewhere",
  wouldFit: (name: string) => boolean,
  actor: Actor,
): Promise<void> {
  const which =
    room === "elsewhere" ? GIVES_WAY : sql`m.machine_spec <> p.machine_spec and n.scheduling = 'open'`;
  const candidates = await rows<{ id: string; name: string }>(
    tx,
    sql`select m.id, m.name from machines m join pools p on p.name = m.pool join nodes n on n.name = m.node
      where m.pool = ${pool} and m.state = 'ready' and ${which} and ${isOnline()}
        and not ${isBraked(sql`n.name`)}
      order by m.ready_at limit ${LOOKS}`,
  );
  const chosen = candidates.find(({ name }) => wouldFit(name));
  if (chosen === undefined) return;
  await tearDown(tx, sql`select ${chosen.id}::uuid`, { from: ["ready"], actor, reason: "stale" });
}

/**
 * Takes down one ready machine of a pool that has more than its target: one that gives way before any other, the
 * longest-ready first, none of a braked node. Call it under the pool's row lock.
 * @returns how many went.
 */
export async function takeSurplus(tx: Change, pool: string, actor: Actor): Promise<number> {
  const [chosen] = await rows<{ id: string; stale: boolean; draining: boolean }>(
    tx,
    sql`select m.id, m.machine_spec <> p.machine_spec as stale, n.scheduling = 'draining' as draining
      from machines m join pools p on p.name = m.pool join nodes n on n.name = m.node
      where m.pool = ${pool} and m.state = 'ready' and ${isOnline()}
        and not ${isBraked(sql`n.name`)}
      order by ${GIVES_WAY} desc, m.ready_at limit 1`,
  );
  if (chosen === undefined) return 0;
  const reason = chosen.stale ? "stale" : chosen.draining ? "drained" : "surplus";
  const down = await tearDown(tx, sql`select ${chosen.id}::uuid`, { from: ["ready"], actor, reason });
  return down.length;
}
