import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { eventListInput } from "../../../src/contract/event.ts";
import { poolSpec } from "../../../src/contract/pool.ts";
import { sweepFor } from "../../../src/cron/sweep.ts";
import { connect, type Db, rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { readAssignments } from "../../../src/domain/assignments/view.ts";
import { listEvents } from "../../../src/domain/events/list.ts";
import { holdMachine, recreateMachine } from "../../../src/domain/machines/actions.ts";
import { listMachines } from "../../../src/domain/machines/view.ts";
import { enroll } from "../../../src/domain/nodes/session.ts";
import { emptyPool, pausePool, putPool } from "../../../src/domain/pools/pools.ts";
import { putRecipe } from "../../../src/domain/recipes/recipes.ts";
import { machineTimeline } from "../../../src/domain/machines/timeline.ts";
import { createToken } from "../../../src/domain/access/tokens.ts";
import { tell } from "../../../src/domain/core/event.ts";
import { testDb } from "../../helpers/db.ts";
import { expectMisfits } from "../../statements/heard.ts";
import { ADMIN, APP, KEY_A, KEY_B, makeWorld, RECIPE, specOf } from "../../helpers/world.ts";

const list = (db: Db, filter: Parameters<typeof eventListInput.parse>[0] = {}) =>
  listEvents(db, eventListInput.parse(filter));

/** Makes everything on record old enough for who follows. */
const settle = (db: Db) => db.execute(sql`update events set at = at - interval '1 hour'`);

test("every change a person makes is on record: who, why, what it was and what it is", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 0, maxSize: 5 });
  await relay.workOff();
  const last = async (kind: string) => (await list(t.db, { kind, limit: 1 })).items[0];

  await putPool(t.db, poolSpec.parse(specOf({ targetSize: 0, maxSize: 7, sudo: true })), ADMIN);
  expect(await last("pool")).toMatchObject({
    actor: ADMIN,
    reason: "spec_changed",
    pool: "demo",
    before: { maxSize: 5, sudo: false },
    after: { maxSize: 7, sudo: true },
  });
  await pausePool(t.db, "demo", true, ADMIN);
  expect(await last("pool")).toMatchObject({ before: { paused: false }, after: { paused: true } });
  await pausePool(t.db, "demo", false, ADMIN);
  await emptyPool(t.db, "demo", "keep", ADMIN);
  expect(await last("pool")).toMatchObject({ reason: "emptied", after: { paused: true } });
  const { version } = await putRecipe(t.db, { ...RECIPE, params: {} }, ADMIN);
  expect(await last("recipe")).toMatchObject({
    reason: "spec_changed",
    after: version,
    data: { name: "plain" },
  });
  const token = await createToken(t.db, { name: "ci", role: "app" }, ADMIN);
  expect(await last("token")).toMatchObject({ reason: "asked_for", after: "valid", data: { id: token.id } });
  await enroll(t.db, "n9", ADMIN);
  expect(await last("node")).toMatchObject({
    reason: "enrolled",
    node: "n9",
    before: null,
    after: "enrolled",
  });
  await sweepFor(t.db, ADMIN);
  expect(await last("sweep")).toMatchObject({
    actor: ADMIN,
    after: { expire: { outcome: "done", changes: 0 } },
  });
  await pausePool(t.db, "demo", false, ADMIN);
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  expect(await last("assignment")).toMatchObject({
    actor: APP,
    reason: "asked_for",
    before: null,
    after: "waiting",
  });
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A, KEY_B] }, APP);
  expect(await last("keys")).toMatchObject({ actor: APP, before: { keys: 1 }, after: { keys: 2 } });
  const [row] = await rows<{ all: string }>(t.db, sql`select json_agg(e)::text as all from events e`);
  expect(row?.all).not.toContain(KEY_A.split(" ")[1]);
});

test("filters narrow, the cursor goes back page by page, and nothing is shown twice", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3 });
  await relay.workOff();
  const [machine] = (await listMachines(t.db, { limit: 1 })).items;
  const all = (await list(t.db, { limit: 500 })).items;
  expect(all.map((event) => event.id)).toEqual(all.map((event) => event.id).toSorted((a, b) => b - a));

  const seen: number[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await list(t.db, { limit: 4, ...(cursor === undefined ? {} : { cursor }) });
    seen.push(...page.items.map((event) => event.id));
    cursor = page.nextCursor;
  }
  expect(seen).toEqual(all.map((event) => event.id));

  const expected = (keep: (event: (typeof all)[number]) => boolean) =>
    all.filter(keep).map((event) => event.id);
  const ids = async (filter: Parameters<typeof list>[1]) => (await list(t.db, filter)).items.map((e) => e.id);
  expect(await ids({ machine: machine?.id ?? "" })).toEqual(expected((e) => e.machine === machine?.id));
  expect(await ids({ kind: "node" })).toEqual(expected((e) => e.kind === "node"));
  expect(await ids({ node: "n1" })).toEqual(expected((e) => e.node === "n1"));
  expect(await ids({ pool: "demo" })).toEqual(expected((e) => e.pool === "demo"));
  expect(await ids({ actor: "node:n1" })).toEqual(expected((e) => e.actor === "node:n1"));
  expect(await ids({ actor: "admin" })).toEqual(expected((e) => e.actor.startsWith("admin:")));
  expect(await ids({ actor: "admin", pool: "none" })).toEqual([]);
  expect(all.length).toBeGreaterThan(await ids({ kind: "node" }).then((found) => found.length));
});

test("who follows misses nothing that commits behind a later event", async () => {
  await using t = await testDb();
  await using other = { db: connect(t.url, { max: 1 }), [Symbol.asyncDispose]: () => other.db.close() };
  const note = (db: Db, name: string) =>
    tell(db, { kind: "sweep", actor: ADMIN, reason: "asked_for", data: { name } });
  const follow = async (after: number) =>
    (await list(t.db, { kind: "sweep", after })).items.map(
      (event) => [event.data?.["name"], event.id] as const,
    );
  await note(t.db, "first");
  await settle(t.db);
  const [first] = await follow(0);
  expect(first?.[0]).toBe("first");

  // One draws its id, another draws a later one and commits: what follows waits, then has both in order.
  await other.db.db.transaction(async (tx) => {
    await note(tx, "early");
    await note(t.db, "late");
    expect(await follow(first?.[1] ?? 0)).toEqual([]);
  });
  expect(await follow(first?.[1] ?? 0)).toEqual([]);
  await settle(t.db);
  expect((await follow(first?.[1] ?? 0)).map(([name]) => name)).toEqual(["early", "late"]);
});

test("a machine's timeline names every move, its cause, its tries, and how long each state lasted", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  const first = await relay.take("create");
  await relay.finish(first, { outcome: "handed_back" });
  await relay.workOff();
  const [machine] = (await listMachines(t.db, { limit: 1 })).items;
  const id = machine?.id ?? "";
  await holdMachine(t.db, id, "looks slow", ADMIN);
  await t.db.execute(
    sql`update events set at = at - interval '90 seconds' where machine = ${id} and after = 'held'`,
  );
  await recreateMachine(t.db, id, ADMIN);

  const { items } = await machineTimeline(t.db, { id: machine?.name ?? "", limit: 500 });

  const moves = items.filter((entry) => entry.kind === "machine");
  expect(moves.map(({ from, to, reason, attempt }) => ({ from, to, reason, attempt }))).toEqual([
    { from: null, to: "provisioning", reason: "refill", attempt: null },
    { from: "provisioning", to: "ready", reason: "known_good", attempt: 2 },
    { from: "ready", to: "held", reason: "held", attempt: null },
    { from: "held", to: "deleting", reason: "recreated", attempt: null },
  ]);
  expect(moves[2]).toMatchObject({ actor: ADMIN, data: { note: "looks slow" } });
  expect(moves[2]?.seconds).toBeGreaterThan(89);
  expect(moves[3]?.seconds).toBeGreaterThanOrEqual(0);
  expect(items.find((entry) => entry.reason === "shutdown")).toMatchObject({ kind: "operation", from: null });

  const page = await machineTimeline(t.db, { id, limit: 2 });
  const rest = await machineTimeline(t.db, { id, limit: 500, cursor: page.nextCursor ?? "" });
  expect([...page.items, ...rest.items].map((entry) => entry.id)).toEqual(items.map((entry) => entry.id));
  await relay.workOff();
  const done = (await machineTimeline(t.db, { id, limit: 500 })).items.at(-1);
  expect(done).toMatchObject({ to: "deleted", reason: "proven_gone", attempt: 1, seconds: null });
});

test("kinds, reasons and error codes of an earlier version: shown as they are", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  await t.db.execute(
    sql`insert into events (kind, actor, reason) values ('formerly', 'system:former', 'once')`,
  );
  await t.db.execute(
    sql`update assignments set error = '{"code": "no_longer_made", "message": "As it was."}'`,
  );

  expect((await list(t.db, { kind: "formerly" })).items).toMatchObject([
    { kind: "formerly", reason: "once" },
  ]);
  const [shown] = await readAssignments(t.db, sql`a.username = 'alice'`, sql``);
  expect(shown?.error).toEqual({ code: "no_longer_made", message: "As it was." });
  expectMisfits(/formerly|no_longer_made/);
});
