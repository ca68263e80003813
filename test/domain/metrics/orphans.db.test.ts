import { expect, test } from "vitest";
import { readMetrics } from "../../../src/domain/metrics/read.ts";
import { type TestDb, testDb } from "../../helpers/db.ts";
import { aSweepLater, listing } from "../../helpers/orphans.ts";
import { makeWorld, NODE } from "../../helpers/world.ts";

async function orphans({ db }: TestDb): Promise<Record<string, number>> {
  const samples = (await readMetrics(db)).filter(({ metric }) => metric === "warmpool_orphans");
  expect(samples.map(({ labels }) => labels["node"])).toEqual([NODE, NODE]);
  return Object.fromEntries(
    samples.flatMap((sample) => ("value" in sample ? [[sample.labels["state"] ?? "", sample.value]] : [])),
  );
}

test("an orphan is counted from its first sighting until its delete is proven", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  expect(await orphans(t)).toEqual({ seen: 0, leaving: 0 });
  await listing(t, relay, "demo-900-abcd");
  expect(await orphans(t)).toEqual({ seen: 1, leaving: 0 });
  await aSweepLater(t);
  await listing(t, relay, "demo-900-abcd");
  expect(await orphans(t)).toEqual({ seen: 0, leaving: 1 });
  await relay.workOff();
  expect(await orphans(t)).toEqual({ seen: 0, leaving: 0 });
});
