import { type SQL, sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
import { reap } from "../../../src/domain/pools/reap.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign, release, removeNode } from "../../helpers/leftToSweep.ts";
import { finish } from "../../../src/domain/operations/finish.ts";
import { listMachines } from "../../../src/domain/machines/view.ts";
import { emptyPool, putPool } from "../../../src/domain/pools/pools.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { replenish } from "../../../src/domain/supply/applyPlan.ts";
import { restartMachine } from "../../../src/domain/machines/restart.ts";
import { betweenStatements } from "../../helpers/between.ts";
import { type TestDb, testDb } from "../../helpers/db.ts";
import { pairsOf } from "../../helpers/nightly.ts";
import { until } from "../../helpers/until.ts";
import {
  ADMIN,
  APP,
  countStates,
  createdOf,
  ed25519Blob,
  KEY_A,
  KEY_B,
  makeWorld,
  NODE,
  openRelay,
  setUpOf,
  specOf,
  type StandInRelay,
} from "../../helpers/world.ts";

/**
 * Everybody locks from the large to the small (src/domain/core/locks.ts). Each case stops one in the middle, lets another run until
 * it has to wait, and goes on: were one of them the other way round, Postgres would end it as a deadlock.
 */
const KEY_C = `ssh-ed25519 ${ed25519Blob(3)} c@test`;

type Case = { spec?: Parameters<typeof makeWorld>[1]; prepare(t: TestDb, relay: StandInRelay): Promise<Due> };
type Due = { operation: { id: string; token: number }; result: OperationResult };

const REFUSED: OperationResult = {
  outcome: "create_failed",
  reason: "no_capacity",
  message: "no room",
  evidence: {},
};

const RESULTS: Record<string, Case> = {
  "a create that succeeded": {
    prepare: async (_, relay) => {
      const operation = await relay.take("create");
      await relay.pinHostKey(operation);
      return { operation, result: createdOf(operation.machine) };
    },
  },
  "a create that the node refused": {
    prepare: async (_, relay) => ({ operation: await relay.take("create"), result: REFUSED }),
  },
  "a canary that got ready": {
    prepare: async (t, relay) => {
      await relay.workOff();
      await t.db.execute(sql`insert into brakes (node, dead, answered) values (${NODE}, 2, 2)`);
      await replenish(t.db, "demo", ADMIN);
      const operation = await relay.take("create");
      await relay.pinHostKey(operation);
      return { operation, result: createdOf(operation.machine) };
    },
  },
  "a set-up that could not reach its machine": {
    prepare: async (t, relay) => {
      await relay.workOff();
      await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
      const result = { outcome: "setup_failed", reason: "unreachable", message: "refused" } as const;
      return { operation: await relay.take("setup"), result };
    },
  },
  "new keys on a machine": {
    prepare: async (t, relay) => {
      await relay.workOff();
      await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
      await relay.workOff();
      await assign(t.connection, { username: "alice", sshKeys: [KEY_B] }, APP);
      return { operation: await relay.take("setup"), result: setUpOf("alice", [KEY_B]) };
    },
  },
  "a probe that takes a machine down": {
    spec: { failureThreshold: 1 },
    prepare: async (t, relay) => {
      await relay.workOff();
      await queueProbes(t.db);
      const operation = await relay.take("probe");
      const answers = operation.machines.map(({ id }) => ({ id, answer: "dead", cause: "refused" }) as const);
      return { operation, result: { outcome: "probed", listing: null, answers } };
    },
  },
  "a restart": {
    prepare: async (t, relay) => {
      await relay.workOff();
      const [machine] = (await listMachines(t.db, { limit: 1 })).items;
      await restartMachine(t.db, machine?.id ?? "", ADMIN);
      const operation = await relay.take("restart");
      const { host, port } = operation.machine;
      return { operation, result: { outcome: "restarted", host, port, access: { host, port } } };
    },
  },
};

const OTHERS: Record<string, (t: TestDb, relay: StandInRelay) => Promise<unknown>> = {
  "a pool that is put and filled": ({ db }) =>
    putPool(db, poolSpec.parse(specOf({ targetSize: 4, maxSize: 9 })), ADMIN),
  "another pool that is filled": async ({ db }) => {
    await putPool(db, poolSpec.parse(specOf({ name: "other", targetSize: 1 })), ADMIN);
  },
  "a new session of the relay": ({ db }) => openRelay(db),
  "a relay that asks for work": (_, relay) => relay.lease(),
  "a pool that is emptied": ({ db }) => emptyPool(db, "demo", "release", ADMIN),
  "a node that is lost": ({ db }) => removeNode(db, { name: NODE, lost: true }, ADMIN),
  "a tester who asks again": (t) => assign(t.connection, { username: "alice", sshKeys: [KEY_C] }, APP),
  "what the sweep picks up": ({ db }) => reap(db),
};

test.each(pairsOf(Object.keys(RESULTS), Object.keys(OTHERS)))(
  "%s and %s do not stop each other",
  async (resultName, otherName) => {
    await using t = await testDb({ max: 5 });
    const chosen = RESULTS[resultName] as Case;
    const relay = await makeWorld(t.db, { targetSize: 1, ...chosen.spec });
    const { operation, result } = await chosen.prepare(t, relay);
    await t.db.execute(sql`
    insert into operations (kind, node, scope) values ('probe', ${NODE}, 'suspects') on conflict do nothing`);
    await inTheMiddle(
      t.db,
      relay,
      operation,
      result,
      () => OTHERS[otherName]?.(t, relay) ?? Promise.reject(),
    );
  },
);

test("a release that comes in the middle of a set-up's result waits for it, and neither stops the other", async () => {
  await using t = await testDb({ max: 5 });
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  const setup = await relay.take("setup");
  const released = await inTheMiddle(t.db, relay, setup, setUpOf("alice", [KEY_A]), () =>
    release(t.db, { username: "alice" }, APP),
  );
  expect(released).toMatchObject({ state: "released", activeAt: expect.any(String) });
});

test("emptying a pool in the middle of a create's result waits for it, and neither stops the other", async () => {
  await using t = await testDb({ max: 5 });
  const relay = await makeWorld(t.db, { targetSize: 1 });
  const create = await relay.take("create");
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
    await until("the emptying to wait for a lock", () => isWaiting(t.db));
    return { begun };
  });
  await emptying.begun;
  expect(await countStates(t.db)).toEqual({ assigned: 1 });
  expect(await relay.take("setup")).toMatchObject({ assignment: { username: "alice" } });
});

/** Lets `other` begin when the result's transaction has its operation and nothing else, and run until it has to wait or is done. */
async function inTheMiddle<T>(
  db: Db,
  relay: StandInRelay,
  { id, token }: { id: string; token: number },
  result: OperationResult,
  other: () => Promise<T>,
): Promise<T> {
  let begun: Promise<T> | null = null;
  const interrupted = betweenStatements(db, "update operations set state", async () => {
    let isDone = false;
    begun = other();
    begun
      .catch(() => undefined)
      .finally(() => {
        isDone = true;
      });
    await until("the other to wait or to be done", async () => isDone || (await isWaiting(db)));
  });
  await finish(interrupted, NODE, { session: relay.session, id, token, result });
  if (begun === null) throw new Error("the other never began");
  return begun;
}

async function isWaiting(db: Db): Promise<boolean> {
  const waiting = await rows(
    db,
    sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return waiting.length > 0;
}
