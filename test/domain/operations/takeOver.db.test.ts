import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { listNodes } from "../../../src/domain/nodes/view.ts";
import { getPool, putPool } from "../../../src/domain/pools/pools.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, APP, KEY_A, makeWorld, openRelay, specOf, type StandInRelay } from "../../helpers/world.ts";

/** What a relay that has died a moment ago has, and the sweep has not seen yet. */
const ask = (username: string) => ({ username, sshKeys: [KEY_A] });

/** Two nodes with a ready machine each; those of the first are longest ready. */
async function twoNodes(db: Db): Promise<{ first: StandInRelay; second: StandInRelay }> {
  const first = await makeWorld(db, { targetSize: 1, maxSize: 4 });
  await first.workOff();
  await db.execute(sql`insert into nodes (name) values ('n2')`);
  const second = await openRelay(db, "n2");
  await second.answerProbe();
  await putPool(db, poolSpec.parse(specOf({ targetSize: 2, maxSize: 4 })), ADMIN);
  await second.workOff();
  return { first, second };
}

const lastHeard = (db: Db, node: string, seconds: number) =>
  db.execute(
    sql`update nodes set last_seen_at = now() - make_interval(secs => ${seconds}) where name = ${node}`,
  );
/** Whatever is queued could have been taken up for so long. */
const leftFor = (db: Db, seconds: number) =>
  db.execute(sql`update operations set created_at = now() - make_interval(secs => ${seconds}),
    not_before = now() - make_interval(secs => ${seconds}) where state = 'queued'`);
const nodeOf = async (db: Db, username: string) => {
  const { machine } = await findTester(db, { username });
  const [row] = await rows<{ node: string }>(
    db,
    sql`select node from machines where id = ${machine?.id ?? null}`,
  );
  return row?.node ?? null;
};

test("a node that no sweep has called silent yet: shown and counted as silent once it is, and its machines given out last", async () => {
  await using t = await testDb();
  await twoNodes(t.db);
  const shown = async () => {
    const [first] = await listNodes(t.db, "n1");
    const { claimable, conditions } = await getPool(t.db, "demo");
    return {
      state: first?.state,
      heard: first?.conditions.find(({ type }) => type === "Heard")?.reason,
      claimable,
      degraded: conditions.find(({ type }) => type === "Degraded")?.reason,
    };
  };
  await lastHeard(t.db, "n1", 91);
  expect(await shown()).toEqual({
    state: "silent",
    heard: "NodeSilent",
    claimable: 1,
    degraded: "NodeSilent",
  });
  await lastHeard(t.db, "n1", 60);
  expect(await shown()).toEqual({ state: "online", heard: "RelayHeard", claimable: 2, degraded: "Fine" });

  await assign(t.connection, ask("alice"), APP);
  expect(await nodeOf(t.db, "alice")).toBe("n2");
  await assign(t.connection, ask("bob"), APP);
  expect(await nodeOf(t.db, "bob")).toBe("n1");
});

test("R12 a set-up that its relay leaves for seconds: another node that asks takes it over, and the machine it leaves is not blamed", async () => {
  await using t = await testDb();
  const { first, second } = await twoNodes(t.db);
  await lastHeard(t.db, "n1", 40);
  await assign(t.connection, ask("alice"), APP);
  expect(await nodeOf(t.db, "alice")).toBe("n1");
  expect(await second.lease()).toEqual([]);
  expect((await findTester(t.db, { username: "alice" })).error).toBeNull();

  await leftFor(t.db, 12);
  expect((await findTester(t.db, { username: "alice" })).error).toMatchObject({ code: "node_quiet" });
  const taken = await second.lease({ setups: 1, others: 0 });
  expect(taken.map(({ kind }) => kind)).toEqual(["setup"]);
  expect(await findTester(t.db, { username: "alice" })).toMatchObject({
    state: "setting_up",
    swaps: 1,
    error: null,
  });
  expect(await nodeOf(t.db, "alice")).toBe("n2");
  const left = sql`select state, strikes from machines where node = 'n1' and state in ('suspect', 'ready')`;
  expect(await rows(t.db, left)).toEqual([{ state: "suspect", strikes: 0 }]);

  // Its relay was merely slow: asked again, the machine is given out like any other.
  await leftFor(t.db, 0);
  await first.workOff();
  expect(await rows(t.db, left)).toContainEqual({ state: "ready", strikes: 0 });
  expect(await rows(t.db, sql`select 1 from brakes`)).toEqual([]);
});

test("a set-up that nobody takes over: stays, and its tester sees why it waits", async () => {
  await using t = await testDb();
  const { first, second } = await twoNodes(t.db);
  await assign(t.connection, ask("alice"), APP);
  const seen = async (node: string, heardSeconds: number) => {
    await lastHeard(t.db, "n1", heardSeconds);
    await leftFor(t.db, 12);
    await second.lease();
    const { state, swaps, error } = await findTester(t.db, { username: "alice" });
    expect({ state, swaps, node: await nodeOf(t.db, "alice") }).toEqual({
      state: "setting_up",
      swaps: 0,
      node,
    });
    return error?.code;
  };
  const others = (state: string) =>
    t.db.execute(sql`update machines set state = ${state}, suspect_since = now() where node = 'n2'`);
  await others("suspect");
  expect(await seen("n1", 1)).toBe("node_busy");
  expect(await seen("n1", 40)).toBe("node_quiet");
  await others("ready");

  // It ran once without a login that anybody knows of, and is tried again: something of it may be on the machine.
  await first.take("setup");
  await t.db.execute(sql`
    update operations set state = 'failed', finished_at = now() where kind = 'setup'`);
  await t.db.execute(sql`insert into operations (kind, node, machine, assignment)
    select kind, node, machine, assignment from operations where kind = 'setup'`);
  expect(await seen("n1", 40)).toBe("node_quiet");
});
