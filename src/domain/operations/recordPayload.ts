import { sql } from "drizzle-orm";
import type { LeasedOperation } from "../../contract/relay.ts";
import { specText } from "../core/spec.ts";
import { type Db, rows } from "../../db/client.ts";
import type { Leased } from "../core/leased.ts";
import type { PendingImport } from "../imports/pending.ts";

/** What a relay is told of a machine that has no row: everything is in the operation itself. */
export async function recordPayload(db: Db, lease: Leased): Promise<LeasedOperation | null> {
  const { id, token, attempt } = lease;
  const [source] = await rows<{ record: Partial<PendingImport>; healthCommand: string | null }>(
    db,
    sql`select o.record, ${specText("healthCommand")} as "healthCommand"
      from operations o left join pools p on p.name = o.record ->> 'pool' where o.id = ${id}`,
  );
  const { machine: name, username, dial = null, expected = null, plan = true } = source?.record ?? {};
  if (name === undefined) return null;
  const head = { id, token, attempt, machine: { id, name } };
  if (lease.kind === "unmark") return { ...head, kind: "unmark" };
  if (username === undefined) return null;
  const healthCommand = source?.healthCommand ?? null;
  return { ...head, kind: "import", dial, expected, username, healthCommand, plan };
}
