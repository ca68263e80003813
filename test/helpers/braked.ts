import { sql } from "drizzle-orm";
import type { OperationResult } from "../../src/contract/operationResult.ts";
import { sweep } from "../../src/cron/sweep.ts";
import { type Db, rows } from "../../src/db/client.ts";
import { listMachines } from "../../src/domain/machines/view.ts";
import { doHappily, type StandInRelay } from "./world.ts";

/** What tests of the brake and its canary do to a node, and look at. */
export const NOT_REACHABLE: OperationResult = {
  outcome: "create_failed",
  reason: "not_reachable",
  message: "it did not respond over SSH within 600 s",
  evidence: {},
};

export const namesOf = async (db: Db) =>
  (await listMachines(db, { limit: 500 })).items.map(({ name }) => name);

/** A sweep whose probe finds these dead and whatever else there is alive. */
export async function sweepWith(db: Db, relay: StandInRelay, dead: readonly string[]): Promise<void> {
  await sweep(db);
  await relay.answerProbe(dead);
}

/** What there is to create or delete is done, well or with this result; probes are left for `sweepWith`. */
export async function workOn(relay: StandInRelay, create?: OperationResult): Promise<string[]> {
  const made: string[] = [];
  for (const operation of await relay.lease()) {
    // On a busy host the recheck of a suspect comes due here, and an answer would end the outage.
    if (operation.kind === "probe" && operation.scope === "suspects") continue;
    if (operation.kind === "create") made.push(operation.machine.name);
    if (operation.kind === "create" && create !== undefined) await relay.finish(operation, create);
    else await doHappily(relay, operation);
  }
  return made;
}

export const brakeOf = async (db: Db) =>
  (await rows<{ released_by: string | null }>(db, sql`select * from brakes`))[0];
export const tornDown = async (db: Db) =>
  (await rows(db, sql`select 1 from events where kind = 'machine' and after = 'deleting'`)).length;
export const retryCanary = (db: Db) => db.execute(sql`update brakes set canary_not_before = now()`);
