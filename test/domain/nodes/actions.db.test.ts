import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import { rows } from "../../../src/db/client.ts";
import { assign, removeNode, scheduleNode } from "../../helpers/leftToSweep.ts";
import { enroll, heard, join, openSession } from "../../../src/domain/nodes/session.ts";
import { listNodes } from "../../../src/domain/nodes/view.ts";
import { putPool } from "../../../src/domain/pools/pools.ts";
import { replenish } from "../../../src/domain/supply/applyPlan.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { authenticate } from "../../../src/domain/access/tokens.ts";
import { testDb } from "../../helpers/db.ts";
import {
  ADMIN,
  APP,
  countStates,
  createdOf,
  KEY_A,
  makeWorld,
  NODE,
  openRelay,
  specOf,
} from "../../helpers/world.ts";

const opening = {
  relayVersion: "test",
  driver: "stand-in",
  driverVersion: "1",
  sshPublicKey: KEY_A,
  highestMachineNumber: 0,
  listing: null,
};

test("nothing is made on a draining node, what it has stays, and resume opens it again", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();

  expect(await scheduleNode(t.db, NODE, "draining", ADMIN)).toMatchObject({ scheduling: "draining" });
  await scheduleNode(t.db, NODE, "draining", ADMIN);
  await putPool(t.db, poolSpec.parse(specOf({ targetSize: 3 })), ADMIN);
  expect(await countStates(t.db)).toEqual({ ready: 1 });
  expect((await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP)).assignment.state).toBe(
    "setting_up",
  );

  expect(await scheduleNode(t.db, NODE, "open", ADMIN)).toMatchObject({ scheduling: "open" });
  await replenish(t.db, "demo", ADMIN);
  expect(await countStates(t.db)).toEqual({ assigned: 1, provisioning: 3 });
  const told = await rows(
    t.db,
    sql`select reason, actor, before, after from events where reason in ('drained', 'resumed') order by id`,
  );
  expect(told).toEqual([
    { reason: "drained", actor: ADMIN, before: "open", after: "draining" },
    { reason: "resumed", actor: ADMIN, before: "draining", after: "open" },
  ]);
});

test("R14 a node with machines is removed only as lost: they are forgotten and their assignments released, on record", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 3 });
  await relay.workOff();
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  await replenish(t.db, "demo", ADMIN);
  const [create] = await relay.lease({ setups: 0, others: 1 });

  await expect(removeNode(t.db, { name: NODE, lost: false }, ADMIN)).rejects.toMatchObject({
    code: "CONFLICT",
    message: /has 3 machines; drain it/,
  });
  expect(await removeNode(t.db, { name: NODE, lost: true }, ADMIN)).toEqual({
    name: NODE,
    forgotten: 3,
    released: 1,
  });

  expect(await countStates(t.db)).toEqual({});
  expect(await listNodes(t.db)).toEqual([]);
  expect(await findTester(t.db, { username: "alice" })).toMatchObject({
    state: "released",
    accessEndedAt: null,
  });
  await replenish(t.db, "demo", ADMIN);
  expect(await countStates(t.db)).toEqual({});
  if (create?.kind !== "create") throw new Error("no create was leased");
  await expect(relay.finish(create, createdOf(create.machine))).rejects.toMatchObject({ code: "LEASE_LOST" });
  expect(await rows(t.db, sql`select distinct receipt ->> 'kind' as kind from machines`)).toEqual([
    { kind: "forgotten" },
  ]);
  await expect(removeNode(t.db, { name: NODE, lost: true }, ADMIN)).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
});

test("a removed node's credential opens nothing, its session ends, and enrolling it again begins anew", async () => {
  await using t = await testDb();
  const { joinToken } = await enroll(t.db, "n2", ADMIN);
  const asJoiner = await authenticate(t.db, joinToken, undefined);
  if (asJoiner.role !== "join") throw new Error("no join token");
  const { credential } = await join(t.db, "n2", asJoiner.token);
  const { session } = await openSession(t.db, "n2", opening);
  const late = await enroll(t.db, "n2", ADMIN);
  const lateJoiner = await authenticate(t.db, late.joinToken, undefined);
  if (lateJoiner.role !== "join") throw new Error("no join token");

  await removeNode(t.db, { name: "n2", lost: false }, ADMIN);

  await expect(authenticate(t.db, credential, undefined)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  await expect(authenticate(t.db, late.joinToken, undefined)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  await expect(heard(t.db, "n2", session)).rejects.toMatchObject({ code: "LEASE_LOST" });
  // Calls that were let in before the removal come in behind it.
  await expect(openSession(t.db, "n2", opening)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  await expect(join(t.db, "n2", lateJoiner.token)).rejects.toMatchObject({ code: "UNAUTHORIZED" });

  expect((await enroll(t.db, "n2", ADMIN)).node).toMatchObject({ state: "enrolled", scheduling: "open" });
  await openRelay(t.db, "n2");
  expect((await listNodes(t.db, "n2"))[0]).toMatchObject({ state: "returning" });
});
