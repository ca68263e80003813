import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import { sweep } from "../../../src/cron/sweep.ts";
import { connect, rows } from "../../../src/db/client.ts";
import { assign, release } from "../../helpers/leftToSweep.ts";
import { match } from "../../../src/domain/assignments/match.ts";
import { pickReady } from "../../../src/domain/assignments/claim.ts";
import { pausePool, putPool } from "../../../src/domain/pools/pools.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { testDb } from "../../helpers/db.ts";
import { atNight, isNight } from "../../helpers/nightly.ts";
import { ADMIN, APP, countStates, doHappily, KEY_A, makeWorld, specOf } from "../../helpers/world.ts";

const ask = (username: string, more: object = {}) => ({ username, sshKeys: [KEY_A], ...more });

test("an assign gives the longest-ready machine and queues its set-up", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2 });
  await relay.workOff();
  const [first] = await rows<{ name: string }>(
    t.db,
    sql`select name from machines order by ready_at limit 1`,
  );

  const { created, assignment } = await assign(t.connection, ask("alice"), APP);

  expect(created).toBe(true);
  expect(assignment).toMatchObject({ state: "setting_up", machine: { name: first?.name, user: "alice" } });
  const [operation] = await relay.lease();
  expect(operation).toMatchObject({ kind: "setup", assignment: { username: "alice", sshKeys: [KEY_A] } });
});

test("I1 the claim is one statement, and asking again locks no machine", async () => {
  const statements: string[] = [];
  await using t = await testDb({ onStatement: (text) => statements.push(text) });
  const relay = await makeWorld(t.db, { targetSize: 2 });
  await relay.workOff();

  statements.length = 0;
  const first = await assign(t.connection, ask("alice"), APP);
  const changing = statements.filter((text) =>
    /\b(insert into|update \w+ set|delete from|for no key)\b/i.test(text),
  );
  expect(changing).toHaveLength(1);

  const again = await assign(t.connection, ask("alice"), APP);
  expect(again).toMatchObject({ created: false, assignment: { id: first.assignment.id } });
  expect(await countStates(t.db)).toEqual({ assigned: 1, ready: 1 });
});

test("the pick reads its partial index from the start and sorts nothing, however many machines are ready", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 0 });
  await t.db.execute(sql`
    insert into machines (name, pool, node, state, port, http_port, machine_spec, shape, ready_at, host_key, dial_host, dial_port,
      access_host, access_port)
    select 'm-' || n, 'demo', 'n1', 'ready', n, 50000 + n, p.machine_spec, p.spec -> 'shape', now(), '{}', 'h', 22, 'h', 22
    from generate_series(1, 5000) n, pools p`);
  await t.db.execute(sql`analyze machines`);
  const plan = await rows<{ "QUERY PLAN": string }>(
    t.db,
    sql`explain with ${pickReady("demo", sql`true`, "skip")} select id from picked_present`,
  );
  const [text] = plan
    .map((row) => row["QUERY PLAN"])
    .join("\n")
    .split("CTE picked_stale");
  expect(text).toContain("Index Scan using machines_claim");
  expect(text).not.toContain("Sort");
});

/** Four testers for each; by day the acceptance run has the larger crowd. */
const READY = isNight ? 50 : 15;

test.each(atNight([1, 2, 3]))(
  "R1 a crowd assigns at once on a quarter of ready machines, each sent twice over two API instances (run %i)",
  async () => {
    await using t = await testDb({ max: 20 });
    const second = connect(t.url, { max: 20 });
    try {
      const relay = await makeWorld(t.db, { targetSize: READY, maxSize: READY });
      await relay.workOff();

      const testers = Array.from({ length: 4 * READY }, (_, n) => `tester${n}`);
      const results = await Promise.all(
        testers.flatMap((username) => [
          assign(t.connection, ask(username), APP),
          assign(second, ask(username), APP),
        ]),
      );

      expect(results.filter((result) => result.created)).toHaveLength(4 * READY);
      const held = await rows<{ machine: string }>(
        t.db,
        sql`select machine from assignments where state = 'setting_up'`,
      );
      expect(new Set(held.map((row) => row.machine)).size).toBe(READY);
      expect(held).toHaveLength(READY);
      const waiting = await rows<{ username: string }>(
        t.db,
        sql`select username from assignments where state = 'waiting' order by seq`,
      );
      expect(waiting).toHaveLength(3 * READY);
      const last = await findTester(t.db, { username: waiting.at(-1)?.username ?? "" });
      expect(last.queue?.position).toBe(3 * READY);
    } finally {
      await second.close();
    }
  },
  60_000,
);

test("newcomers do not pass those who wait, and a machine that turns ready goes to the first of them", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 0, maxSize: 1 });
  await assign(t.connection, ask("first"), APP);
  await assign(t.connection, ask("second"), APP);
  await t.db.execute(sql`update pools set spec = spec || '{"maxSize": 2}'`);
  const { replenish } = await import("../../../src/domain/supply/applyPlan.ts");
  await replenish(t.db, "demo", ADMIN);
  await relay.workOff();

  expect(await findTester(t.db, { username: "first" })).toMatchObject({ state: "active" });
  expect(await findTester(t.db, { username: "second" })).toMatchObject({ state: "active" });
  const order = await rows<{ username: string }>(
    t.db,
    sql`select username from assignments order by setup_at`,
  );
  expect(order.map((row) => row.username)).toEqual(["first", "second"]);
});

test("a waiting one can be released, and the next moves up", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 0, maxSize: 0 });
  await assign(t.connection, ask("first"), APP);
  await assign(t.connection, ask("second"), APP);

  const released = await release(t.db, { username: "first" }, APP);

  expect(released).toMatchObject({ state: "released", queue: null });
  expect(released.accessEndedAt).not.toBeNull();
  expect((await findTester(t.db, { username: "second" })).queue?.position).toBe(1);
});

test("wait: false with nothing ready is NO_CAPACITY and leaves nothing behind", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { maxSize: 0 });
  await expect(assign(t.connection, ask("alice", { wait: false }), APP)).rejects.toMatchObject({
    code: "NO_CAPACITY",
  });
  await expect(findTester(t.db, { username: "alice" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(await rows(t.db, sql`select 1 from testers`)).toEqual([]);
});

test("a paused pool assigns what is ready and says POOL_PAUSED when nothing is", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await pausePool(t.db, "demo", true, ADMIN);
  expect((await assign(t.connection, ask("alice"), APP)).assignment.state).toBe("setting_up");
  await expect(assign(t.connection, ask("bob"), APP)).rejects.toMatchObject({ code: "POOL_PAUSED" });
});

test("a machine on a silent node is not claimed", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await t.db.execute(sql`update nodes set last_seen_at = now() - interval '91 seconds'`);
  expect((await assign(t.connection, ask("alice"), APP)).assignment.state).toBe("waiting");
});

test("R15 a stale machine is claimed only when there is no current one", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await relay.workOff();
  await t.db.execute(sql`
    update machines set machine_spec = 'older' where id = (select id from machines order by ready_at limit 1)`);
  const first = await assign(t.connection, ask("alice"), APP);
  const second = await assign(t.connection, ask("bob"), APP);
  const stale = await rows<{ id: string }>(t.db, sql`select id from machines where machine_spec = 'older'`);
  expect(first.assignment.machine?.id).not.toBe(stale[0]?.id);
  expect(second.assignment.machine?.id).toBe(stale[0]?.id);
});

test("R13 a claim never crosses pools: who waits in one waits on beside ready machines of another", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await putPool(t.db, poolSpec.parse(specOf({ name: "other", targetSize: 0, maxSize: 0 })), ADMIN);
  await relay.workOff();
  const alice = { username: "alice", pool: "other" };
  expect((await assign(t.connection, ask("alice", { pool: "other" }), APP)).assignment.state).toBe("waiting");
  await sweep(t.db);
  await match(t.db, "demo", APP);
  expect(await findTester(t.db, alice)).toMatchObject({ state: "waiting", machine: null });
  await expect(assign(t.connection, ask("bob", { pool: "other", wait: false }), APP)).rejects.toMatchObject({
    code: "NO_CAPACITY",
  });

  // Its own pool's machine cannot be reached: it is swapped for none of the other's.
  await putPool(t.db, poolSpec.parse(specOf({ name: "other", targetSize: 0, maxSize: 1 })), ADMIN);
  await doHappily(relay, await relay.take("create"));
  const setup = await relay.take("setup");
  await relay.finish(setup, { outcome: "setup_failed", reason: "unreachable", message: "refused" });
  expect(await findTester(t.db, alice)).toMatchObject({ state: "waiting", swaps: 1, machine: null });
  const pools = await rows(
    t.db,
    sql`select pool, state from machines where state in ('ready', 'suspect') order by 1, 2`,
  );
  expect(pools).toEqual([
    { pool: "demo", state: "ready" },
    { pool: "demo", state: "ready" },
    { pool: "other", state: "suspect" },
  ]);
});
