import { sql } from "drizzle-orm";
import type { NodeView } from "../../contract/node.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { DRIVER_PROBLEM } from "../health/driverProblem.ts";
import { concurrencyOf, silenceSecondsOf } from "../core/nodeSettings.ts";
import { stateNow } from "../core/nodeSilence.ts";
import { nodeConditions } from "./conditions.ts";
import { isLiveMachine, isLiveNode } from "../core/live.ts";

/** A row of `brakes` (alias `b`) as the contract has it. */
const brakeJson = sql`jsonb_build_object('since', ${iso(sql`b.since`)}, 'dead', b.dead, 'answered', b.answered,
  'cause', b.cause, 'canaryTries', b.canary_tries, 'canaryError', b.canary_error,
  'canaryNotBefore', ${iso(sql`b.canary_not_before`)}, 'releasedAt', ${iso(sql`b.released_at`)},
  'releasedBy', b.released_by)`;

/** The nodes that were not removed, or the one of that name, as an admin sees them. */
export async function listNodes(db: Db, name?: string): Promise<NodeView[]> {
  const found = await rows<Omit<NodeView, "conditions">>(
    db,
    sql`select n.name, ${stateNow()} as state, n.scheduling, n.labels, ${concurrencyOf()} as concurrency,
        ${silenceSecondsOf()} as "silenceSeconds", n.driver, n.driver_version as "driverVersion", n.relay_version as "relayVersion",
        ${iso(sql`n.last_seen_at`)} as "lastSeenAt", ${iso(sql`n.last_probe_at`)} as "lastProbeAt",
        (select count(*)::int from machines m where m.node = n.name and ${isLiveMachine(sql`m`)}) as machines,
        (select ${brakeJson} from brakes b where b.node = n.name) as brake,
        (select coalesce(jsonb_agg(jsonb_build_object('name', s.key, 'since', s.value -> 'since',
            'confirmedBy', s.value -> 'confirmedBy', 'waits', s.value -> 'waits', 'of', s.value -> 'of',
            'username', s.value -> 'username') order by s.key), '[]') from jsonb_each(n.orphans) s) as orphans,
        n.orphan_brake as "orphanBrake", ${DRIVER_PROBLEM} as "driverProblem", n.inventory, ${iso(sql`n.created_at`)} as "createdAt"
      from nodes n where ${isLiveNode(sql`n`)} and ${name === undefined ? sql`true` : sql`n.name = ${name}`} order by n.name`,
  );
  return found.map((node) => ({ ...node, conditions: nodeConditions(node) }));
}
