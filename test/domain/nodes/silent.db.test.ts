import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { sweep } from "../../../src/cron/sweep.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign, removeNode } from "../../helpers/leftToSweep.ts";
import { recreateMachine } from "../../../src/domain/machines/actions.ts";
import { getMachine, listMachines } from "../../../src/domain/machines/view.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, APP, countStates, KEY_A, makeWorld, openRelay } from "../../helpers/world.ts";

/** Nodes whose relay is not heard, that come back as they were or changed, or that never come back. */
const ALICE = { username: "alice", sshKeys: [KEY_A] };
const SWEEPS = 4;

async function fallSilent(db: Db): Promise<void> {
  await db.execute(sql`update nodes set last_seen_at = now() - interval '10 minutes' where name = 'n1'`);
  for (let round = 0; round < SWEEPS; round += 1) await sweep(db);
}

const rowsOf = (db: Db) =>
  rows<{ id: string; state: string }>(
    db,
    sql`select id, state from machines where node = 'n1' order by number`,
  );
const workOf = (db: Db) =>
  rows<{ id: string; kind: string; machine: string }>(
    db,
    sql`select id, kind, machine from operations
    where node = 'n1' and kind <> 'probe' and state in ('queued', 'leased', 'cancelling') order by id`,
  );

test("R7 a silent node: nothing of it is claimed, torn down or lost, however many sweeps; what it lacks is made elsewhere", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 12 });
  await relay.workOff();
  await assign(t.connection, ALICE, APP);
  await relay.workOff();
  const [ready] = (await listMachines(t.db, { state: "ready", limit: 1 })).items;
  await recreateMachine(t.db, ready?.id ?? "", ADMIN);
  // Two of its creates and deletes are under way when nobody is heard any more.
  const leased = (await relay.lease()).map(({ id }) => id);
  expect(leased).toHaveLength(2);
  // What nobody has begun does not exist: it is made elsewhere.
  const all = await workOf(t.db);
  const unbegun = all.filter(({ id, kind }) => kind === "create" && !leased.includes(id));
  expect(unbegun).toHaveLength(1);
  const before = {
    rows: (await rowsOf(t.db)).map((row) =>
      unbegun.some(({ machine }) => machine === row.id) ? { ...row, state: "deleted" } : row,
    ),
    work: all.filter((one) => !unbegun.includes(one)),
  };

  await fallSilent(t.db);
  expect({ rows: await rowsOf(t.db), work: await workOf(t.db) }).toEqual(before);
  expect(await findTester(t.db, { username: "alice" })).toMatchObject({ state: "active" });
  expect((await assign(t.connection, { ...ALICE, username: "bob" }, APP)).assignment.state).toBe("waiting");

  await t.db.execute(sql`insert into nodes (name) values ('n2')`);
  const second = await openRelay(t.db, "n2");
  await second.answerProbe();
  await sweep(t.db);
  await second.workOff();
  expect(await findTester(t.db, { username: "bob" })).toMatchObject({ state: "active" });
  const elsewhere = await rows(t.db, sql`select state from machines where node = 'n2' order by state`);
  // The one that is being made on the silent node still counts as coming.
  expect(elsewhere.map(({ state }) => state)).toEqual(["assigned", "ready", "ready"]);

  // It comes back, and finishes the work that it had.
  const back = await openRelay(t.db);
  await back.workOff();
  const ended = await rows(
    t.db,
    sql`select id, state, attempt from operations where node = 'n1' and kind in ('create', 'delete')`,
  );
  for (const { id } of before.work) {
    expect(ended).toContainEqual({ id, state: "succeeded", attempt: leased.includes(id) ? 2 : 1 });
  }
});

test("a rebooted node gave its machines each other's addresses: they are taken from its listing before anybody is sent there", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await relay.workOff();
  await fallSilent(t.db);
  const back = await openRelay(t.db);
  expect((await assign(t.connection, ALICE, APP)).assignment.state).toBe("waiting");
  const probe = await back.take("probe");
  const [one, other] = probe.machines;
  if (one === undefined || other === undefined) throw new Error("expected two machines");
  const at = ({ host, port }: { host: string; port: number }) => ({
    ssh: { host, port },
    access: { host, port },
  });
  await back.finish(probe, {
    outcome: "probed",
    listing: { complete: true, startedAt: new Date().toISOString(), names: [one.name, other.name] },
    answers: [
      { id: one.id, answer: "alive", cause: null, moved: at(other) },
      { id: other.id, answer: "alive", cause: null, moved: at(one) },
    ],
  });
  expect(await getMachine(t.db, one.id)).toMatchObject({ port: other.port, access: { port: other.port } });
  expect(await getMachine(t.db, other.id)).toMatchObject({ port: one.port, access: { port: one.port } });
  const { machine } = await findTester(t.db, { username: "alice" });
  expect(machine?.port).toBe(machine?.id === one.id ? other.port : one.port);
});

test("a lost node: nothing of it goes by itself, and when a person removes it those who had machines are told", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 3 });
  await relay.workOff();
  await assign(t.connection, ALICE, APP);
  await relay.workOff();
  await fallSilent(t.db);
  expect(await countStates(t.db)).toMatchObject({ assigned: 1 });
  await removeNode(t.db, { name: "n1", lost: true }, ADMIN);
  expect(await countStates(t.db)).toEqual({});
  expect(await findTester(t.db, { username: "alice" })).toMatchObject({ state: "released" });
  const receipts = await rows(
    t.db,
    sql`select distinct receipt ->> 'kind' as kind, receipt ->> 'by' as by from machines`,
  );
  expect(receipts).toEqual([{ kind: "forgotten", by: ADMIN }]);
});
