import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { sweep } from "../../../src/cron/sweep.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { heard } from "../../../src/domain/nodes/session.ts";
import { getPool } from "../../../src/domain/pools/pools.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { testDb } from "../../helpers/db.ts";
import { APP, KEY_A, makeWorld, NODE, openRelay, type StandInRelay } from "../../helpers/world.ts";

const alice = { username: "alice", sshKeys: [KEY_A] };

/** Nothing is heard of the first node, and a second one has a machine ready. */
async function silentFirst(db: Db): Promise<void> {
  await db.execute(sql`update nodes set last_seen_at = now() - interval '10 minutes'`);
  await db.execute(sql`insert into nodes (name) values ('n2')`);
  const second = await openRelay(db, "n2");
  await second.answerProbe();
  await sweep(db);
  await second.workOff();
  await sweep(db);
}

test("R12 a set-up that nobody began on a node that went silent goes on on another machine, recorded as a swap", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 5 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, alice, APP);
  await silentFirst(t.db);
  const now = await findTester(t.db, { username: "alice" });
  expect(now).toMatchObject({ id: assignment.id, state: "active", swaps: 1 });
  expect(now.machine?.id).not.toBe(assignment.machine?.id);
  const [left] = await rows(t.db, sql`select node, state from machines where id = ${assignment.machine?.id}`);
  expect(left).toEqual({ node: "n1", state: "suspect" });
});

test("a set-up that a relay has taken stays where it is", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 5 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, alice, APP);
  await relay.lease();
  await silentFirst(t.db);
  const now = await findTester(t.db, { username: "alice" });
  expect(now).toMatchObject({ state: "setting_up", swaps: 0, machine: { id: assignment.machine?.id } });
  expect(now.error).toMatchObject({ code: "node_silent" });

  await heard(t.db, NODE, relay.session);
  expect((await findTester(t.db, { username: "alice" })).error).toBeNull();
});

const poolOf = (db: Db) => getPool(db, "demo");

/** The first node's relay has begun so many of the creates when nobody hears of it any more; a second node has room. */
async function diesWithCreates(db: Db, relay: StandInRelay, begun: number): Promise<StandInRelay> {
  await relay.lease({ setups: 0, others: begun });
  await db.execute(sql`insert into nodes (name) values ('n2')`);
  const second = await openRelay(db, "n2");
  await second.answerProbe();
  await db.execute(sql`update nodes set last_seen_at = now() - interval '10 minutes' where name = 'n1'`);
  await sweep(db);
  return second;
}

test("creates that nobody began on a node that went silent: called off, and made elsewhere in the same sweep", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 3 });
  const second = await diesWithCreates(t.db, relay, 0);
  const made = await rows(
    t.db,
    sql`select node, state, receipt ->> 'kind' as proof, count(*)::int as count from machines group by 1, 2, 3 order by 1`,
  );
  expect(made).toEqual([
    { node: "n1", state: "deleted", proof: "never-started", count: 3 },
    { node: "n2", state: "provisioning", proof: null, count: 3 },
  ]);
  await second.workOff();
  expect(await poolOf(t.db)).toMatchObject({ claimable: 3, counts: { provisioning: 0 } });
});

test("creates that a relay began before its node went silent: booked, and the pool says which node holds them", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await diesWithCreates(t.db, relay, 2);
  const { counts, conditions } = await poolOf(t.db);
  expect(counts).toMatchObject({ provisioning: 2 });
  for (const type of ["Degraded", "Progressing"]) {
    const said = conditions.find((one) => one.type === type);
    expect(said).toMatchObject({ reason: "NodeSilent" });
    expect(said?.message).toMatch(/^node n1 was last heard at .*: 2 being created\. .*node remove n1 --lost/);
  }
});

test.each([
  ["creates that it had begun", 2, 2, false],
  ["its ready machines", 2, 0, true],
])(
  "a tester who waits while a silent node holds all of maxSize with %s: is served beside it, and no stock is made",
  async (_, size, begun, isReady) => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: size, maxSize: size });
    if (isReady) await relay.workOff();
    const second = await diesWithCreates(t.db, relay, begun);
    expect((await assign(t.connection, alice, APP)).assignment.state).toBe("waiting");
    await sweep(t.db);
    await second.workOff();
    expect(await findTester(t.db, { username: "alice" })).toMatchObject({ state: "active" });
    await sweep(t.db);
    const onSecond = await rows(t.db, sql`select state from machines where node = 'n2'`);
    expect(onSecond).toEqual([{ state: "assigned" }]);
  },
);

test("a set-up that nobody began on a node that went silent: goes on elsewhere, however often it was swapped before", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 5 });
  await relay.workOff();
  await assign(t.connection, alice, APP);
  await t.db.execute(sql`update assignments set swaps = 3`);
  await silentFirst(t.db);
  expect(await findTester(t.db, { username: "alice" })).toMatchObject({ state: "active" });
});
