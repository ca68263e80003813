import { sql } from "drizzle-orm";
import type { ImportOutcome, ImportProblem } from "../../contract/import.ts";
import { type Db, rows } from "../../db/client.ts";
import { endAssignments } from "../assignments/release.ts";
import { change } from "../core/change.ts";
import { WarmpoolError } from "../core/errors.ts";
import { lockNodes } from "../core/locks.ts";
import type { Actor } from "../core/reasons.ts";
import { resolvePool } from "../core/whichPool.ts";
import { follow } from "../follow/follow.ts";
import { queueUnmark } from "../imports/finishImport.ts";
import { forgetMachines } from "./actions.ts";

/**
 * Takes imports back. The tester's assignment ends and the machine's row with it, in one transaction, so that no delete
 * of it ever begins; then the relay takes the mark off. The machine runs on, and whoever could log in to it still can.
 */
type Imported = { username: string; pool?: string | undefined; machine: string };

/** @returns an outcome for each record, in their order */
export async function undoImports(
  db: Db,
  records: readonly Imported[],
  plan: boolean,
  actor: Actor,
): Promise<ImportOutcome[]> {
  const outcomes: ImportOutcome[] = [];
  for (const record of records) outcomes.push(await undoOne(db, record, plan, actor));
  return outcomes;
}

async function undoOne(
  db: Db,
  { username, machine: name, ...record }: Imported,
  plan: boolean,
  actor: Actor,
): Promise<ImportOutcome> {
  let pool: string;
  try {
    pool = await resolvePool(db, record.pool);
  } catch (error) {
    if (!(error instanceof WarmpoolError)) throw error;
    return outcomeOf("refused", { why: error.message, fix: "Correct the pool of this record." });
  }
  return change(db, actor, follow, async (tx) => {
    const held = sql`select a.id, a.machine from testers t join assignments a on a.id = t.assignment
      join machines m on m.id = a.machine
      where t.pool = ${pool} and t.username = ${username} and m.name = ${name}`;
    await lockNodes(tx, sql`n.name in (select m.node from machines m join (${held}) h on h.machine = m.id)`);
    const [found] = await rows<{ id: string; machine: string; node: string; isImported: boolean }>(
      tx,
      sql`select h.id, m.id as machine, m.node, m.imported_at is not null as "isImported"
        from (${held}) h join machines m on m.id = h.machine`,
    );
    if (found === undefined) return outcomeOf("unchanged");
    if (!found.isImported) {
      return outcomeOf("refused", {
        why: `${name} was created by Warmpool and not imported`,
        fix: `Release ${username} if they need it no more: \`npx warmpool release ${username} --pool ${pool}\`.`,
      });
    }
    if (plan) return outcomeOf("undoable");
    const why = { actor, reason: "import_undone" } as const;
    await endAssignments(tx, sql`select ${found.id}::uuid`, why);
    await forgetMachines(tx, sql`select ${found.machine}::uuid`, "its import was undone", actor);
    await queueUnmark(tx, found.node, name);
    return outcomeOf("undone");
  });
}

function outcomeOf(state: ImportOutcome["state"], problem: ImportProblem | null = null): ImportOutcome {
  return { id: null, state, problem, found: null, expiresAt: null };
}
