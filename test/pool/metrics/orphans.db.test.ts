import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { readMetrics } from "../../../src/pool/metrics/read.ts";
import { queueProbes } from "../../../src/pool/probeQueue.ts";
import { SETTINGS } from "../../../src/pool/settings.ts";
import { type TestDb, testDb } from "../../helpers/db.ts";
import { makeWorld, NODE, type StandInRelay } from "../../helpers/world.ts";

async function orphans({ db }: TestDb): Promise<Record<string, number>> {
  const samples = (await readMetrics(db)).filter(({ metric }) => metric === "warmpool_orphans");
  expect(samples.map(({ labels }) => labels["node"])).toEqual([NODE, NODE]);
  return Object.fromEntries(
    samples.flatMap((sample) => ("value" in sample ? [[sample.labels["state"] ?? "", sample.value]] : [])),
  );
}

async function listing({ db }: TestDb, relay: StandInRelay, ...strays: string[]): Promise<void> {
  await queueProbes(db);
  await relay.answerProbe([], [], strays);
}

test("an orphan is counted from its first sighting until its delete is proven", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  expect(await orphans(t)).toEqual({ seen: 0, leaving: 0 });
  await listing(t, relay, "demo-900-abcd");
  expect(await orphans(t)).toEqual({ seen: 1, leaving: 0 });
  await t.db.execute(sql`update nodes set orphans = jsonb_set(orphans, '{demo-900-abcd,since}',
    to_jsonb(now() - make_interval(secs => ${SETTINGS.orphanSightingSeconds})))`);
  await listing(t, relay, "demo-900-abcd");
  expect(await orphans(t)).toEqual({ seen: 0, leaving: 1 });
  await relay.workOff();
  expect(await orphans(t)).toEqual({ seen: 0, leaving: 0 });
});
