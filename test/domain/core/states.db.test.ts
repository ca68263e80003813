import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { MACHINE_STATES } from "../../../src/contract/machine.ts";
import { rows } from "../../../src/db/client.ts";
import {
  ASSIGNMENT_MOVES,
  MACHINE_COUNTS,
  MACHINE_MOVES,
  machineSources,
  NODE_MOVES,
  nodeSources,
  OPERATION_MOVES,
  operationSources,
} from "../../../src/domain/core/states.ts";
import { bySweep, change } from "../../../src/domain/core/change.ts";
import { moveMachines } from "../../../src/domain/core/moves.ts";
import { moveNodes } from "../../../src/domain/core/nodeMoves.ts";
import { moveOperations } from "../../../src/domain/core/operationMoves.ts";
import { nothingTouched } from "../../../src/domain/core/touched.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, makeWorld } from "../../helpers/world.ts";

test("R4 every state the database knows has its meaning and its moves, and the other way round", async () => {
  await using t = await testDb();
  const [check] = await rows<{ definition: string }>(
    t.db,
    sql`select pg_get_constraintdef(oid) as definition from pg_constraint where conname = 'machines_state'`,
  );
  const known = [...(check?.definition.matchAll(/'([a-z]+)'/g) ?? [])].map((match) => match[1]);
  expect(known).toEqual([...MACHINE_STATES]);
  expect(Object.keys(MACHINE_COUNTS)).toEqual([...MACHINE_STATES]);
  expect(Object.keys(MACHINE_MOVES)).toEqual([...MACHINE_STATES]);
});

test("the tables of moves of all four know the states that the database knows, and end where nothing follows", async () => {
  await using t = await testDb();
  const tables = {
    machines: MACHINE_MOVES,
    assignments: ASSIGNMENT_MOVES,
    nodes: NODE_MOVES,
    operations: OPERATION_MOVES,
  };
  for (const [table, moves] of Object.entries(tables)) {
    const [check] = await rows<{ definition: string }>(
      t.db,
      sql`select pg_get_constraintdef(oid) as definition from pg_constraint where conname = ${`${table}_state`}`,
    );
    const known = [...(check?.definition.matchAll(/'([a-z_]+)'/g) ?? [])].flatMap(([, state]) => state ?? []);
    expect(Object.keys(moves).toSorted(), table).toEqual(known.toSorted());
  }
  for (const ended of ["succeeded", "failed", "cancelled"] as const) {
    expect(OPERATION_MOVES[ended]).toEqual([]);
    expect(operationSources(ended)).not.toContain(ended);
  }
  expect(nodeSources("enrolled")).toEqual(["removed"]);
});

test("an illegal move of a node or an operation changes nothing and tells nothing", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  const record = () =>
    rows(
      t.db,
      sql`select (select count(*) from events) as events, (select jsonb_agg(o.state) from operations o) as work,
      (select jsonb_agg(n.state) from nodes n) as nodes`,
    );
  const before = await record();

  await change(t.db, ADMIN, bySweep, async (tx) => {
    expect(await moveNodes(tx, sql`true`, { to: "enrolled", actor: ADMIN, reason: "enrolled" })).toEqual([]);
    expect(await moveOperations(tx, sql`finished_at is not null`, { to: "queued" })).toEqual([]);
  });

  expect(await record()).toEqual(before);
});

test("R4 only ready counts as ready, and all but deleted take room", () => {
  for (const state of MACHINE_STATES) {
    expect(MACHINE_COUNTS[state].ready, state).toBe(state === "ready");
    expect(MACHINE_COUNTS[state].claimable, state).toBe(state === "ready");
    expect(MACHINE_COUNTS[state].capacity, state).toBe(state !== "deleted");
  }
});

test("nothing comes back from deleting or deleted, and a released assignment is over", () => {
  expect(MACHINE_MOVES.deleting).toEqual(["deleted"]);
  expect(MACHINE_MOVES.deleted).toEqual([]);
  expect(machineSources("deleted")).toEqual(["deleting"]);
  expect(ASSIGNMENT_MOVES.released).toEqual([]);
});

test("an illegal move changes nothing and tells nothing", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  const [before] = await rows<{ events: number }>(t.db, sql`select count(*)::int as events from events`);

  const moved = await change(t.db, ADMIN, bySweep, (tx) =>
    moveMachines(tx, sql`select id from machines`, {
      to: "deleted",
      actor: ADMIN,
      reason: "proven_gone",
      set: sql`receipt = '{}'`,
    }),
  );

  expect(moved).toEqual([]);
  expect(await rows(t.db, sql`select state from machines`)).toEqual([{ state: "ready" }]);
  expect(await rows(t.db, sql`select count(*)::int as events from events`)).toEqual([before]);
});

test("a move and its event are one: when the event cannot be written, the state stands", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await t.db.execute(sql`alter table events add constraint no_more check (reason <> 'surplus')`);

  // Outside of a transaction, which would hold them together anyway.
  const alone = Object.assign(t.db, { touched: nothingTouched() });
  const move = moveMachines(alone, sql`select id from machines`, {
    to: "deleting",
    actor: ADMIN,
    reason: "surplus",
  });

  await expect(move).rejects.toThrow();
  expect(await rows(t.db, sql`select state from machines`)).toEqual([{ state: "ready" }]);
});

test("I5 a row turns deleted only with a receipt: the table itself refuses another way", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 1 });
  await expect(
    t.db.execute(sql`update machines set state = 'deleted', phase = null`).then(() => "written"),
  ).rejects.toThrow();
});
