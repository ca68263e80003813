import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import { rows } from "../../../src/db/client.ts";
import { listMachines } from "../../../src/domain/machines/view.ts";
import { reapOrphans } from "../../../src/domain/nodes/actions.ts";
import { listNodes } from "../../../src/domain/nodes/view.ts";
import { putPool } from "../../../src/domain/pools/pools.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { replenish } from "../../../src/domain/supply/applyPlan.ts";
import { SETTINGS } from "../../../src/domain/core/limits.ts";
import { type TestDb, testDb } from "../../helpers/db.ts";
import { ADMIN, countStates, doHappily, makeWorld, NODE, openRelay, specOf } from "../../helpers/world.ts";

const names = async ({ db }: TestDb) => (await listMachines(db, { limit: 50 })).items.map(({ name }) => name);
const node = async ({ db }: TestDb) => (await listNodes(db, NODE))[0];

/** As if the database had been put back to what it was when machine `last` was its latest. */
async function putBack({ db }: TestDb, last: number): Promise<void> {
  await db.execute(
    sql`delete from operations where machine in (select id from machines where number > ${last})`,
  );
  await db.execute(sql`delete from machines where number > ${last}`);
  await db.execute(sql`update nodes set highest_machine_number = ${last}`);
  await db.execute(sql`select setval('machines_number_seq', ${last})`);
}

test("R9 a database that was put back reaps nothing that is newer, one machine neither, until a person says so", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3 });
  await relay.workOff();
  const [lost = ""] = await names(t);
  await putBack(t, 2);
  await t.db.execute(sql`update pools set paused = true`);
  expect(await names(t)).toHaveLength(2);

  const again = await openRelay(t.db, NODE, 3);
  for (let round = 0; round < 3; round += 1) {
    await again.answerProbe([], [], [lost]);
    await t.db.execute(sql`update nodes set orphans = jsonb_set(orphans, array[${lost}::text, 'since'],
      to_jsonb(now() - make_interval(secs => ${SETTINGS.orphanSightingSeconds})))`);
    await queueProbes(t.db);
  }
  expect(await node(t)).toMatchObject({
    orphanBrake: { reason: "behind", seen: 3, known: 2 },
    orphans: [{ name: lost, confirmedBy: null }],
  });
  expect(await countStates(t.db)).toEqual({ ready: 2 });

  expect(await reapOrphans(t.db, { name: NODE }, ADMIN)).toMatchObject({ orphanBrake: null });
  await again.answerProbe([], [], [lost]);
  expect(await countStates(t.db)).toEqual({ ready: 2, deleting: 1 });
});

test("a database that was put back never gives a number again, and creates nothing under one that a machine may have", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3 });
  await relay.workOff();
  const before = await names(t);
  await putBack(t, 1);
  // What a sweep made before the node's relay was heard.
  await replenish(t.db, "demo", ADMIN);
  expect((await names(t)).toSorted()).toEqual(before.toSorted());

  const again = await openRelay(t.db, NODE, 3);
  expect(await countStates(t.db)).toEqual({ ready: 1 });
  await again.answerProbe();
  await replenish(t.db, "demo", ADMIN);
  const made = await rows<{ number: number }>(
    t.db,
    sql`select number::float8 as number from machines where state = 'provisioning'`,
  );
  expect(made).toHaveLength(2);
  for (const { number } of made) expect(number).toBeGreaterThan(3);
  const [told] = await rows(
    t.db,
    sql`select data from events where kind = 'node' and reason = 'database_behind'`,
  );
  expect(told).toEqual({ data: { seen: 3, known: 1 } });
});

test("a relay that works on while the database is put back says so with its next lease, before it is given anything", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2 });
  await relay.workOff();
  const ahead = await openRelay(t.db, NODE, 2);
  await ahead.answerProbe();
  await putBack(t, 1);
  await replenish(t.db, "demo", ADMIN);
  // What the database says of the node's machines counts once they have answered.
  const given = await ahead.lease();
  expect(given).toMatchObject([{ kind: "probe" }]);
  for (const probe of given) await doHappily(ahead, probe);
  expect(await node(t)).toMatchObject({ orphanBrake: { reason: "behind", seen: 2, known: 1 } });
  await replenish(t.db, "demo", ADMIN);
  expect(await ahead.lease()).toMatchObject([{ kind: "create" }]);
});

test("what a node was given to make is known of it, so its relay is not ahead when it has made it", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db);
  await t.db.execute(sql`insert into nodes (name) values ('n2')`);
  await putPool(t.db, poolSpec.parse(specOf({ targetSize: 3 })), ADMIN);
  await relay.lease({ setups: 0, others: 2 });
  const known = () =>
    rows(t.db, sql`select name, highest_machine_number::int as known from nodes order by name`);
  expect(await known()).toEqual([
    { name: NODE, known: 2 },
    { name: "n2", known: 0 },
  ]);
  await openRelay(t.db, NODE, 2);
  expect((await node(t))?.orphanBrake).toBeNull();
});
