import { sql } from "drizzle-orm";
import { type Db, rows } from "../../db/client.ts";
import { type CanaryFacts, planCanary } from "./brake.ts";
import { isOnline } from "../core/nodeSilence.ts";
import { SERVES } from "../capacity/nodeFacts.ts";
import type { Actor } from "../core/reasons.ts";
import { tearDown } from "../core/teardown.ts";
import { isBrakeOn, isLiveMachine } from "../core/live.ts";
import type { Change } from "../core/touched.ts";

type Braked = Omit<CanaryFacts, "paused" | "room"> & { node: string; suspect: string | null };

/**
 * Gives each braked node that has machines of the pool its canary. Where `maxSize` or the node leaves no room, one
 * unassigned suspect goes down for it first; the canary follows when that one is proven gone.
 * Call it under the row locks of the pool and of all nodes: otherwise two pools could each create a canary on one node.
 * @param create makes one machine of the pool on that node.
 * @returns how many canaries were made.
 */
export async function placeCanaries(
  tx: Change,
  pool: { name: string; paused: boolean; room: number },
  create: (node: string) => Promise<number>,
  actor: Actor,
): Promise<number> {
  let made = 0;
  for (const braked of await brakedNodes(tx, pool.name)) {
    const facts = { ...braked, paused: pool.paused, room: pool.room - made };
    let step = planCanary(facts);
    if (step === "create") {
      const placed = await create(braked.node);
      made += placed;
      if (placed === 0) step = planCanary({ ...facts, nodeFull: true });
    }
    if (step !== "make_room" || braked.suspect === null) continue;
    const given = { from: ["suspect"], actor, reason: "canary" } as const;
    const down = await tearDown(tx, sql`select ${braked.suspect}::uuid`, given);
    // It may have answered in this very moment: then another one makes room, at the next sweep.
    if (down.length === 0) continue;
    await tx.execute(sql`update brakes set made_room = ${braked.suspect} where node = ${braked.node}`);
  }
  return made;
}

function brakedNodes(tx: Db, pool: string): Promise<Braked[]> {
  return rows<Braked>(
    tx,
    sql`select b.node, ${isOnline()} and n.scheduling = 'open' and ${SERVES} as open,
        b.canary_not_before <= now() as due, b.canary_failure is not distinct from 'no_capacity' as "nodeFull",
        (select count(*)::int from machines m where m.node = b.node and m.state = 'provisioning') as provisioning,
        (select case when m.state = 'deleted' then 'gone' else 'leaving' end
          from machines m where m.id = b.made_room) as "madeRoom",
        s.id is not null as "hasSpareSuspect", s.id as suspect
      from brakes b join nodes n on n.name = b.node join pools p on p.name = ${pool}
      left join lateral (select m.id from machines m
        where m.node = b.node and m.pool = p.name and m.state = 'suspect' order by m.suspect_since, m.number limit 1) s on true
      where ${isBrakeOn(sql`b`)}
        and exists (select 1 from machines m where m.node = b.node and m.pool = p.name and ${isLiveMachine(sql`m`)})
      order by b.node`,
  );
}
