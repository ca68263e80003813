import { sql } from "drizzle-orm";
import { rows } from "../../src/db/client.ts";
import { putSettings } from "../../src/domain/core/settings.ts";
import { listMachines } from "../../src/domain/machines/view.ts";
import { listNodes } from "../../src/domain/nodes/view.ts";
import { queueProbes } from "../../src/domain/health/schedule.ts";
import { SETTINGS } from "../../src/domain/core/limits.ts";
import type { TestDb } from "./db.ts";
import { ADMIN, NODE, type StandInRelay } from "./world.ts";

/** Rows of machines of these names that were made here, had no tester, and are gone, where there is none of the name. */
export async function givenOut({ db }: TestDb, ...names: string[]): Promise<void> {
  for (const name of names) {
    await db.execute(sql`
      insert into machines (name, pool, node, state, shape, port, http_port, machine_spec, deleted_at, receipt)
      select ${name}, 'demo', ${NODE}, 'deleted', '{"vcpus": 1, "memoryMib": 512, "diskGib": 4}', 1, 2, 'x',
        now() - interval '1 hour', '{"kind": "never-started", "listingStartedAt": null, "storageProof": "none"}'
      where not exists (select 1 from machines where name = ${name})`);
  }
}

/** For how long orphans that go by themselves are kept. */
export async function keepOrphans({ db }: TestDb, seconds: number): Promise<void> {
  await putSettings(db, { orphanKeepSeconds: seconds }, ADMIN);
}

/** A probe whose complete listing shows these as well: made here once, and not kept when they go. */
export async function listing(t: TestDb, relay: StandInRelay, ...strays: string[]): Promise<void> {
  await givenOut(t, ...strays);
  await t.db.execute(sql`update settings set tuned = '{"orphanKeepSeconds": 0}' where tuned = '{}'`);
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
