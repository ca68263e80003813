import { type SQL, sql } from "drizzle-orm";
import { SETTINGS } from "../core/limits.ts";
import { isLiveMachine } from "../core/live.ts";

/** Loopback ports that a node has for its machines, two of them each. */
const PORTS = SETTINGS.portTo - SETTINGS.portFrom + 1;

/** The expected number of free ports among the random ones: enough that two of them certainly are. */
const EXPECTED_FREE = 40;

/**
 * Two loopback ports that no live machine of the node has: rows of `port` and `n` (1 and 2). They are drawn at random:
 * another program of the host may hold one, and the next try must not draw the same again. Each of the few that were
 * drawn is looked up in two indexes, however many machines the node has.
 * @param machines how many the node has
 */
export function freePorts(node: string, machines: number): SQL {
  return sql`select candidate as port, row_number() over () as n from (
    select candidate from (
      select distinct ${SETTINGS.portFrom}::int + trunc(random() * ${PORTS}::int)::int as candidate
      from generate_series(1, ${drawsFor(machines)}::int)) candidates
    where not exists (select 1 from machines m where m.node = ${node} and ${isLiveMachine(sql`m`)}
      and candidate in (m.port, m.http_port))
    order by random() limit 2) drawn`;
}

function drawsFor(machines: number): number {
  return Math.ceil((EXPECTED_FREE * PORTS) / Math.max(1, PORTS - 2 * machines));
}
