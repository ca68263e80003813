import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import { sweep, takeOverdueSweep } from "../../../src/cron/sweep.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { SETTINGS } from "../../../src/domain/core/limits.ts";
import { putPool } from "../../../src/domain/pools/pools.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, makeWorld, openRelay, specOf } from "../../helpers/world.ts";

/** How long a create can stand on a node whose relay has died, while another node has room. */
async function secondNode(db: Db): Promise<void> {
  await db.execute(sql`insert into nodes (name) values ('n2')`);
  await (await openRelay(db, "n2")).answerProbe();
}

const lastHeard = (db: Db, seconds: number) =>
  db.execute(
    sql`update nodes set last_seen_at = now() - make_interval(secs => ${seconds}) where name = 'n1'`,
  );
const lastSweep = (db: Db, seconds: number) =>
  db.execute(sql`update duties set last_start_at = now() - make_interval(secs => ${seconds})`);
const creates = (db: Db) =>
  rows<{ node: string; count: number }>(
    db,
    sql`select node, count(*)::int as count from machines where state = 'provisioning' group by node order by node`,
  );

test("a create that a dead relay never began: called off by the next poll of another relay once its node is silent", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await secondNode(t.db);
  // Well below: time goes on while the sweep runs.
  await lastHeard(t.db, SETTINGS.heardLatelySeconds - 10);
  await sweep(t.db);
  expect(await creates(t.db)).toEqual([{ node: "n1", count: 2 }]);

  // The next sweep by the clock is most of a minute away.
  await lastSweep(t.db, SETTINGS.sweepAgainSeconds + 1);
  expect(await takeOverdueSweep(t.db)).toBe(false);
  await lastHeard(t.db, SETTINGS.silenceSeconds + 1);
  expect(await takeOverdueSweep(t.db)).toBe(true);
  expect(await takeOverdueSweep(t.db)).toBe(false);
  await sweep(t.db);
  expect(await creates(t.db)).toEqual([{ node: "n2", count: 2 }]);

  // That it is silent is written down now, and no reason for another one.
  await lastSweep(t.db, SETTINGS.sweepAgainSeconds + 1);
  expect(await takeOverdueSweep(t.db)).toBe(false);
});

test("a node that was not heard lately: gets no create while another one has room", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  await secondNode(t.db);
  await lastHeard(t.db, SETTINGS.heardLatelySeconds + 1);
  await putPool(t.db, poolSpec.parse(specOf({ targetSize: 3, maxSize: 3 })), ADMIN);
  expect(await creates(t.db)).toEqual([{ node: "n2", count: 3 }]);
});
