import { type SQL, sql } from "drizzle-orm";
import { expect, test } from "vitest";
import type { LeasedOperation, OperationResult } from "../../src/contract/relay.ts";
import { type Db, rows } from "../../src/db/client.ts";
import { assign } from "../../src/pool/assign.ts";
import { finish } from "../../src/pool/finish.ts";
import { emptyPool } from "../../src/pool/pools.ts";
import { release } from "../../src/pool/release.ts";
import { betweenStatements } from "../helpers/between.ts";
import { testDb } from "../helpers/db.ts";
import { until } from "../helpers/until.ts";
import {
  ADMIN,
  APP,
  countStates,
  createdOf,
  KEY_A,
  makeWorld,
  NODE,
  setUpOf,
  type StandInRelay,
} from "../helpers/world.ts";

/** A relay's finish locks the operation before all else: whatever also takes a machine goes the same way round. */

test("a release that comes in the middle of a set-up's result waits for it, and neither stops the other", async () => {
  await using t = await testDb({ max: 5 });
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  const setup = await only(relay, "setup");
  const released = await inTheMiddle(t.db, relay, setup, setUpOf("alice", [KEY_A]), () =>
    release(t.db, { username: "alice" }, APP),
  );
  expect(released).toMatchObject({ state: "released", activeAt: expect.any(String) });
});

test("emptying a pool in the middle of a create's result waits for it, and neither stops the other", async () => {
  await using t = await testDb({ max: 5 });
  const relay = await makeWorld(t.db, { targetSize: 1 });
  const create = await only(relay, "create");
  await relay.pinHostKey(create);
  await inTheMiddle(t.db, relay, create, createdOf(create.machine), () =>
    emptyPool(t.db, "demo", "keep", ADMIN),
  );
  expect(await countStates(t.db)).toEqual({ deleting: 1 });
});

test("a claim that is under way when its pool is emptied keeps its machine", async () => {
  await using t = await testDb({ max: 5 });
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  const emptying = await t.db.transaction(async (tx) => {
    const claim = {
      ...t.connection,
      db: tx,
      prepared: <Row extends Record<string, unknown>>(statement: SQL) => rows<Row>(tx, statement),
    };
    await assign(claim, { username: "alice", sshKeys: [KEY_A] }, APP);
    const begun = emptyPool(t.db, "demo", "keep", ADMIN);
    await someoneWaits(t.db);
    return { begun };
  });
  await emptying.begun;
  expect(await countStates(t.db)).toEqual({ assigned: 1 });
  expect(await only(relay, "setup")).toMatchObject({ assignment: { username: "alice" } });
});

/** Lets `other` begin when the result's transaction has its operation and nothing else, and run until it has to wait. */
async function inTheMiddle<T>(
  db: Db,
  relay: StandInRelay,
  { id, token }: { id: string; token: number },
  result: OperationResult,
  other: () => Promise<T>,
): Promise<T> {
  let begun: Promise<T> | null = null;
  const interrupted = betweenStatements(db, "update operations set state", async () => {
    begun = other();
    begun.catch(() => undefined);
    await someoneWaits(db);
  });
  await finish(interrupted, NODE, { session: relay.session, id, token, result });
  if (begun === null) throw new Error("the other never began");
  return begun;
}

async function someoneWaits(db: Db): Promise<void> {
  await until("the other to wait for a lock", async () => {
    const waiting = await rows(
      db,
      sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return waiting.length > 0;
  });
}

async function only<Kind extends LeasedOperation["kind"]>(
  relay: StandInRelay,
  kind: Kind,
): Promise<Extract<LeasedOperation, { kind: Kind }>> {
  const found = (await relay.lease()).find(
    (operation): operation is Extract<LeasedOperation, { kind: Kind }> => operation.kind === kind,
  );
  if (found === undefined) throw new Error(`no ${kind} was leased`);
  return found;
}
