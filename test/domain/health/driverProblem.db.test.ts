import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { type Db, rows } from "../../../src/db/client.ts";
import { noteDriver } from "../../../src/domain/health/driverProblem.ts";
import { readMetrics } from "../../../src/domain/metrics/read.ts";
import { listNodes } from "../../../src/domain/nodes/view.ts";
import { getPool } from "../../../src/domain/pools/pools.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { testDb, type TestDb } from "../../helpers/db.ts";
import { makeWorld, NODE, type StandInRelay } from "../../helpers/world.ts";

/** A hypervisor that is dead, as its relay hears it. */

const node = async (db: Db) => (await listNodes(db, NODE))[0];
const degraded = async (db: Db) =>
  (await getPool(db, "demo")).conditions.find(({ type }) => type === "Degraded");
const driverDown = async (db: Db) =>
  (await readMetrics(db)).find(({ metric }) => metric === "warmpool_node_driver_down");
const told = async (db: Db) =>
  (await rows(db, sql`select reason from events where reason like 'driver%' order by id`)).map(
    ({ reason }) => reason,
  );

async function probed(t: TestDb, relay: StandInRelay, driverProblem?: string): Promise<void> {
  await queueProbes(t.db);
  const [probe] = await relay.lease({ setups: 0, others: 0 });
  if (probe?.kind !== "probe") throw new Error("no probe was queued");
  await relay.finish(probe, {
    outcome: "probed",
    listing: null,
    answers: probe.machines.map(({ id }) => ({ id, answer: "alive", cause: null })),
    ...(driverProblem === undefined ? {} : { driverProblem }),
  });
}

test("a driver that cannot list: the node, the pool, the metric and an event say so, until it answers", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  expect(await node(t.db)).toMatchObject({ driverProblem: null });
  for (let sweep = 0; sweep < 2; sweep += 1) await probed(t, relay, "connect ENOENT");
  expect(await node(t.db)).toMatchObject({ driverProblem: { message: "connect ENOENT" } });
  expect((await node(t.db))?.conditions).toContainEqual(
    expect.objectContaining({ type: "DriverWorks", status: false, reason: "DriverDown" }),
  );
  expect(await degraded(t.db)).toMatchObject({ status: true, reason: "DriverDown" });
  expect(await driverDown(t.db)).toMatchObject({ value: 1 });
  await probed(t, relay);
  expect(await node(t.db)).toMatchObject({ driverProblem: null });
  expect(await degraded(t.db)).toMatchObject({ reason: "Fine" });
  expect(await told(t.db)).toEqual(["driver_down", "driver_up"]);
});

test("a driver that lists, but cannot say what the node has: the answer to one does not hide the other", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await noteDriver(t.db, NODE, "capacity", "no storage pool");
  const before = await node(t.db);
  await probed(t, relay);
  await noteDriver(t.db, NODE, "capacity", "no storage pool at all");
  expect(await node(t.db)).toMatchObject({
    driverProblem: { message: "no storage pool at all", since: before?.driverProblem?.since },
  });
  await probed(t, relay, "connect ENOENT");
  await probed(t, relay);
  expect(await node(t.db)).toMatchObject({ driverProblem: { message: "no storage pool at all" } });
  await noteDriver(t.db, NODE, "capacity", null);
  expect(await node(t.db)).toMatchObject({ driverProblem: null });
});
