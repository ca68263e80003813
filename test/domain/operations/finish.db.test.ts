import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
import { rows } from "../../../src/db/client.ts";
import { assign, release } from "../../helpers/leftToSweep.ts";
import { emptyPool, getPool, putPool } from "../../../src/domain/pools/pools.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { sweep } from "../../../src/cron/sweep.ts";
import { testDb } from "../../helpers/db.ts";
import {
  ADMIN,
  APP,
  countStates,
  DELETED,
  doHappily,
  KEY_A,
  makeWorld,
  setUpOf,
  specOf,
} from "../../helpers/world.ts";

const ALICE = { username: "alice", sshKeys: [KEY_A] };
const NEVER_READY: OperationResult = {
  outcome: "create_failed",
  reason: "never_ready",
  message: "it did not answer within 600 s",
  evidence: { console: "no bootable device" },
};

test("R6 creates that keep failing: one at a time, ever later, population within target, and the pool says why", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 5 });
  let creates = 0;
  for (let round = 0; round < 12; round += 1) {
    for (const operation of await relay.lease()) {
      if (operation.kind === "create") {
        creates += 1;
        await relay.finish(operation, NEVER_READY);
      } else await doHappily(relay, operation);
    }
    await sweep(t.db);
    const population = Object.values(await countStates(t.db)).reduce((sum, count) => sum + count, 0);
    expect(population).toBeLessThanOrEqual(5);
  }
  expect(creates).toBeLessThanOrEqual(5);
  // Putting the same spec again, as whoever keeps it in a file does all the time, is no reason to hurry.
  await putPool(t.db, poolSpec.parse(specOf({ targetSize: 3, maxSize: 5 })), ADMIN);
  expect((await relay.lease()).filter(({ kind }) => kind === "create")).toEqual([]);
  const { conditions } = await getPool(t.db, "demo");
  expect(conditions.find((condition) => condition.type === "Progressing")).toMatchObject({
    status: false,
    reason: "CreatesFailing",
    message: expect.stringContaining("it did not answer within 600 s"),
  });
  const [evidence] = await rows<{ evidence: object }>(
    t.db,
    sql`select evidence from machines where evidence is not null`,
  );
  expect(evidence?.evidence).toMatchObject({ console: "no bootable device" });
});

test("R3 a delete that fails again and again stays deleting and booked, backs off, and ends only with a receipt", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, ALICE, APP);
  await relay.workOff();
  await release(t.db, { username: "alice" }, APP);

  const waits: number[] = [];
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    await relay.finish(await relay.take("delete"), {
      outcome: "delete_failed",
      message: "the listing timed out",
    });
    await sweep(t.db);
    expect(await countStates(t.db)).toEqual({ deleting: 1 });
    const [row] = await rows<{ wait: number }>(
      t.db,
      sql`select extract(epoch from not_before - now())::float8 as wait from operations where kind = 'delete'`,
    );
    waits.push(row?.wait ?? 0);
    await t.db.execute(sql`update operations set not_before = now() where kind = 'delete'`);
    await t.db.execute(sql`delete from operations where kind = 'probe'`);
  }
  expect(waits.at(-1)).toBeGreaterThan(2 * (waits.at(0) ?? 0));

  await relay.finish(await relay.take("delete"), DELETED);
  expect(
    await rows(t.db, sql`select state, receipt ->> 'kind' as kind from machines where number = 1`),
  ).toEqual([{ state: "deleted", kind: "listed" }]);
  expect(await countStates(t.db)).toEqual({ provisioning: 1 });
});

test("R13 after the first login there is no swap: the set-up has failed, and its machine never returns to the pool", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, ALICE, APP);
  const setup = await relay.take("setup");
  await t.db.execute(sql`update assignments set logged_in_at = now()`);
  await relay.finish(setup, {
    outcome: "setup_failed",
    reason: "step_failed",
    message: "ended with 3",
    step: "hello",
  });

  const failed = await findTester(t.db, { username: "alice" });
  expect(failed).toMatchObject({ state: "failed", error: { code: "step_failed", step: "hello" } });
  expect(await assign(t.connection, ALICE, APP)).toMatchObject({
    created: false,
    assignment: { state: "failed" },
  });
  await release(t.db, { username: "alice" }, APP);
  const [row] = await rows<{ state: string }>(
    t.db,
    sql`select state from machines where id = ${assignment.machine?.id ?? ""}`,
  );
  expect(row?.state).toBe("deleting");
});

test("active: outputs are there, the TTL counts from now, params are kept until release and then forgotten", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1, assignmentTtlSeconds: 3600 });
  await relay.workOff();
  await assign(t.connection, { ...ALICE, params: { greeting: "marker" } }, APP);
  const setup = await relay.take("setup");
  await relay.finish(setup, setUpOf("alice", [KEY_A], { url: "http://127.0.0.1:20001/" }));

  const active = await findTester(t.db, { username: "alice" });
  expect(active).toMatchObject({ state: "active", outputs: { url: "http://127.0.0.1:20001/" } });
  expect(Date.parse(active.expiresAt ?? "") - Date.parse(active.activeAt ?? "")).toBe(3_600_000);

  await t.db.execute(sql`update assignments set expires_at = now() - interval '1 second'`);
  await sweep(t.db);
  expect(await findTester(t.db, { username: "alice" })).toMatchObject({ state: "released" });
  expect(await rows(t.db, sql`select params from assignments`)).toEqual([{ params: {} }]);
});

test("R14 emptying a pool tears down all but the assigned ones; creates that never began are gone at once", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 5 });
  await relay.workOff();
  await assign(t.connection, ALICE, APP);
  await relay.workOff();
  await sweep(t.db);
  await emptyPool(t.db, "demo", "keep", ADMIN);
  const left = await countStates(t.db);
  expect(left["assigned"]).toBe(1);
  expect(left["ready"] ?? 0).toBe(0);
  await relay.workOff();
  expect(await countStates(t.db)).toEqual({ assigned: 1 });

  await emptyPool(t.db, "demo", "release", ADMIN);
  await relay.workOff();
  expect(await countStates(t.db)).toEqual({});
  expect(await findTester(t.db, { username: "alice" })).toMatchObject({ state: "released" });
});

test("R2 a set-up whose operation vanished is queued again by the sweep; a create without one is torn down", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 3 });
  await relay.workOff();
  await assign(t.connection, ALICE, APP);
  const { replenish } = await import("../../../src/domain/supply/applyPlan.ts");
  await replenish(t.db, "demo", ADMIN);
  await t.db.execute(sql`delete from operations`);
  await sweep(t.db);
  const kinds = await rows<{ kind: string }>(
    t.db,
    sql`select kind from operations where state = 'queued' and kind <> 'create' order by kind`,
  );
  expect(kinds.map((row) => row.kind)).toEqual(["delete", "probe", "setup"]);
});
