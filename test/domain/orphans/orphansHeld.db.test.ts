import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import { listMachines } from "../../../src/domain/machines/view.ts";
import { reapOrphans } from "../../../src/domain/nodes/actions.ts";
import { listPools, putPool } from "../../../src/domain/pools/pools.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { testDb } from "../../helpers/db.ts";
import { aSweepLater, leaving, listing, node, reasons, seenTwice } from "../../helpers/orphans.ts";
import { ADMIN, makeWorld, NODE, specOf } from "../../helpers/world.ts";

test("pools with machines on the node say that orphans of it are held, others do not", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await putPool(t.db, poolSpec.parse(specOf({ name: "elsewhere" })), ADMIN);
  await listing(t, relay, "a", "b", "c");
  const degraded = async () =>
    (await listPools(t.db)).map(
      ({ conditions }) => conditions.find(({ type }) => type === "Degraded")?.reason,
    );
  expect(await degraded()).toEqual(["OrphansHeld", "Fine"]);
  await reapOrphans(t.db, { name: NODE }, ADMIN);
  expect(await degraded()).toEqual(["Fine", "Fine"]);
});

test("R9 several at once: nothing goes until a person says so, and then what they named, seen twice", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  const strays = ["a", "b", "c"];
  await seenTwice(t, relay, ...strays);
  expect(await leaving(t)).toEqual([]);
  expect((await node(t))?.orphanBrake).toMatchObject({ reason: "several", count: 3 });
  await seenTwice(t, relay, ...strays);
  expect(await leaving(t)).toEqual([]);

  await expect(reapOrphans(t.db, { name: NODE, machines: ["a", "z"] }, ADMIN)).rejects.toMatchObject({
    code: "CONFLICT",
    message: `node ${NODE} shows no orphan named z`,
  });
  const some = await reapOrphans(t.db, { name: NODE, machines: ["b"] }, ADMIN);
  expect(some.orphanBrake).toMatchObject({ reason: "several" });
  await relay.answerProbe([], [], strays);
  expect((await leaving(t)).map(({ name }) => name)).toEqual(["b"]);

  await reapOrphans(t.db, { name: NODE, note: "a test left them" }, ADMIN);
  await relay.answerProbe([], [], strays);
  expect((await leaving(t)).map(({ name }) => name).toSorted()).toEqual(strays);
  await relay.workOff();
  await listing(t, relay);
  expect(await node(t)).toMatchObject({ orphans: [], orphanBrake: null });
  await expect(reapOrphans(t.db, { name: NODE }, ADMIN)).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await reasons(t)).toEqual([
    "orphan_seen",
    "orphans_held",
    "orphans_confirmed",
    "orphan",
    "orphans_confirmed",
    "orphan",
    "orphan",
  ]);
});

test("nothing of a braked node is torn down, orphans neither", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3 });
  await relay.workOff();
  const names = (await listMachines(t.db, { limit: 50 })).items.map(({ name }) => name);
  await listing(t, relay, "stray");
  await aSweepLater(t);
  await queueProbes(t.db);
  await relay.answerProbe(names, [], ["stray"]);
  expect(await node(t)).toMatchObject({ brake: { dead: 3 }, orphans: [{ name: "stray" }] });
});
