import { sql } from "drizzle-orm";
import { rows } from "../../src/db/client.ts";
import { listMachines } from "../../src/pool/machineView.ts";
import { listNodes } from "../../src/pool/nodes.ts";
import { queueProbes } from "../../src/pool/probeQueue.ts";
import { SETTINGS } from "../../src/pool/settings.ts";
import type { TestDb } from "./db.ts";
import { NODE, type StandInRelay } from "./world.ts";

/** A probe whose complete listing shows these as well. */
export async function listing(t: TestDb, relay: StandInRelay, ...strays: string[]): Promise<void> {
  await queueProbes(t.db);
  await relay.answerProbe([], [], strays);
}

/** As if a sweep had passed since what the node shows was seen first. */
export async function aSweepLater({ db }: TestDb): Promise<void> {
  await db.execute(sql`update nodes set orphans = coalesce((
    select jsonb_object_agg(key, value || jsonb_build_object('since', (value ->> 'since')::timestamptz
      - make_interval(secs => ${SETTINGS.orphanSightingSeconds}))) from jsonb_each(orphans)), '{}')`);
}

/** Two such listings, a sweep apart. */
export async function seenTwice(t: TestDb, relay: StandInRelay, ...strays: string[]): Promise<void> {
  await listing(t, relay, ...strays);
  await aSweepLater(t);
  await listing(t, relay, ...strays);
}

/** The machines that are being torn down. */
export const leaving = async ({ db }: TestDb) =>
  (await listMachines(db, { state: "deleting", limit: 50 })).items;

export const node = async ({ db }: TestDb) => (await listNodes(db, NODE))[0];

/** Why whatever was done about orphans was done, in order. */
export const reasons = async ({ db }: TestDb) =>
  (
    await rows<{ reason: string }>(db, sql`select reason from events where reason like 'orphan%' order by id`)
  ).map(({ reason }) => reason);
