import { sql } from "drizzle-orm";
import type { OperationResult } from "../../contract/operationResult.ts";
import { listOf, rows } from "../../db/client.ts";
import { requeueOperation } from "../core/operations.ts";
import type { Actor } from "../core/reasons.ts";
import { json, tell } from "../core/event.ts";
import { isMade } from "../core/live.ts";
import type { Change } from "../core/touched.ts";

type Moved = { id: string; pool: string; was: string; is: string };

type Answers = Extract<OperationResult, { outcome: "probed" }>["answers"];

/**
 * Takes over where machines were found: a host that was started again may have given them new addresses. Only from where
 * a machine responded under its pinned key. A running set-up has the old address, and would use it
 * indefinitely, so it is leased again. Call it with the machines and their operations locked.
 */
export async function followAddresses(
  tx: Change,
  node: string,
  answers: Answers,
  actor: Actor,
): Promise<void> {
  const seen = answers.flatMap(({ id, moved }) =>
    moved === undefined
      ? []
      : [
          {
            id,
            dial_host: moved.ssh.host,
            dial_port: moved.ssh.port,
            access_host: moved.access.host,
            access_port: moved.access.port,
          },
        ],
  );
  if (seen.length === 0) return;
  const moved = await rows<Moved>(
    tx,
    sql`with moving as (
        select m.id, m.dial_host || ':' || m.dial_port as was, s.dial_host, s.dial_port, s.access_host, s.access_port
        from machines m join jsonb_to_recordset(${json(seen)})
          as s(id uuid, dial_host text, dial_port int, access_host text, access_port int) on s.id = m.id
        where m.node = ${node} and ${isMade(sql`m`)}
        order by m.id for no key update of m
      )
      update machines m set dial_host = g.dial_host, dial_port = g.dial_port,
        access_host = g.access_host, access_port = g.access_port
      from moving g where m.id = g.id
      returning m.id, m.pool, g.was, m.dial_host || ':' || m.dial_port as is`,
  );
  for (const { id, pool, was, is } of moved) {
    await tell(tx, {
      kind: "machine",
      actor,
      reason: "address_changed",
      pool,
      node,
      machine: id,
      before: was,
      after: is,
    });
  }
  const dialling = await rows<{ id: string }>(
    tx,
    sql`select id from operations
      where kind = 'setup' and state = 'leased' and machine in (${listOf(moved.map(({ id }) => id))}) order by id`,
  );
  for (const { id } of dialling)
    await requeueOperation(tx, id, 0, "its machine was found at another address");
}
