import { sql } from "drizzle-orm";
import type { ImportOutcome } from "../../contract/import.ts";
import type { OperationState } from "../../contract/operation.ts";
import { type Db, listOf, rows } from "../../db/client.ts";
import type { ImportResult } from "./pending.ts";

type Row = { id: string; state: OperationState; plan: boolean; result: ImportResult | null };

/** How imports stand, in the order of their ids. */
export async function importStatus(db: Db, ids: readonly string[]): Promise<ImportOutcome[]> {
  const found = await rows<Row>(
    db,
    sql`select id, state, (record ->> 'plan')::boolean as plan, result from operations
      where kind = 'import' and id in (${listOf(ids)})`,
  );
  const byId = new Map(found.map((row) => [row.id, row]));
  return ids.map((id) => outcomeOf(id, byId.get(id)));
}

function outcomeOf(id: string, row: Row | undefined): ImportOutcome {
  const { problem = null, found = null, expiresAt = null } = row?.result ?? {};
  const outcome = { id, problem, found, expiresAt };
  switch (row?.state) {
    case "queued":
    case "leased":
    case "cancelling":
      return { ...outcome, state: "checking" };
    case "succeeded":
      return { ...outcome, state: row.plan ? "possible" : "imported" };
    case "failed":
    case "cancelled":
    case undefined:
      return { ...outcome, state: "refused", problem: problem ?? CALLED_OFF };
  }
}

const CALLED_OFF = { why: "it was called off, or is long over", fix: "Import again." };
