import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { getMachine, listMachines } from "../../../src/domain/machines/view.ts";
import { getPool } from "../../../src/domain/pools/pools.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { renew } from "../../../src/domain/operations/progress.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { type TestDb, testDb } from "../../helpers/db.ts";
import { passTime } from "../../helpers/passTime.ts";
import { APP, KEY_A, makeWorld, NODE, setUpOf, type StandInRelay } from "../../helpers/world.ts";

const ALICE = { username: "alice", sshKeys: [KEY_A] };

type Answer = Omit<Extract<OperationResult, { outcome: "probed" }>["answers"][number], "id">;

/** A whole probe in which these machines answer so, and all others are alive. */
async function probe(db: Db, relay: StandInRelay, answers: Record<string, Answer>): Promise<void> {
  await queueProbes(db);
  const operation = await relay.take("probe");
  await relay.finish(operation, {
    outcome: "probed",
    listing: null,
    answers: operation.machines.map(({ id, name }) => ({
      id,
      answer: "alive",
      cause: null,
      ...answers[name],
    })),
  });
}

const strange: Answer = {
  answer: "dead",
  cause: "host key changed: the machine at 127.0.0.1:22 presented SHA256:strange",
  presented: "SHA256:strange",
};
const security = (db: Db) =>
  rows(db, sql`select machine, data ->> 'presented' as presented from events where kind = 'security'`);

test("a host key that nobody knows: held with its cause, a security event, Degraded, never replaced", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 5 });
  await relay.workOff();
  const [machine] = (await listMachines(t.db, { limit: 1 })).items;
  if (machine === undefined) throw new Error("expected a machine");
  for (let round = 0; round < 3; round += 1) await probe(t.db, relay, { [machine.name]: strange });
  expect(await getMachine(t.db, machine.id)).toMatchObject({
    state: "held",
    hold: { by: "node:n1", note: strange.cause },
    lastProbe: { answer: "dead", cause: strange.cause },
  });
  expect(await security(t.db)).toEqual([{ machine: machine.id, presented: "SHA256:strange" }]);
  const { conditions } = await getPool(t.db, "demo");
  expect(conditions.find(({ type }) => type === "Degraded")).toMatchObject({
    status: true,
    reason: "HostKeyChanged",
    message: expect.stringContaining(machine.name) as string,
  });
});

test("an assigned machine with a changed host key is flagged and stays assigned", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  await relay.workOff();
  const { id = "", name = "" } = assignment.machine ?? {};
  for (let round = 0; round < 3; round += 1) await probe(t.db, relay, { [name]: strange });
  expect(await getMachine(t.db, id)).toMatchObject({
    state: "assigned",
    lastProbe: { cause: strange.cause },
  });
  expect(await security(t.db)).toHaveLength(1);
  expect((await getPool(t.db, "demo")).conditions.find(({ type }) => type === "Degraded")).toMatchObject({
    reason: "HostKeyChanged",
  });
});

test("R7 the host key of another machine of ours is an error of the address: a suspect, not held", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 5 });
  await relay.workOff();
  await t.db.execute(
    sql`update machines set host_key = host_key || jsonb_build_object('fingerprint', 'SHA256:' || name)`,
  );
  const [machine, sibling] = (await listMachines(t.db, { limit: 2 })).items;
  if (machine === undefined || sibling === undefined) throw new Error("expected two machines");
  await probe(t.db, relay, { [machine.name]: { ...strange, presented: `SHA256:${sibling.name}` } });
  expect(await getMachine(t.db, machine.id)).toMatchObject({
    state: "suspect",
    lastProbe: {
      cause: `another machine of this installation, ${sibling.name}, responds at its address: the address is wrong`,
    },
  });
  expect(await security(t.db)).toEqual([]);
});

/** Alice's set-up, on a machine at whose address the other one answers by now. */
async function atSiblingsAddress(t: TestDb) {
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
  await relay.workOff();
  await t.db.execute(
    sql`update machines set host_key = host_key || jsonb_build_object('fingerprint', 'SHA256:' || name)`,
  );
  await assign(t.connection, ALICE, APP);
  const setup = await relay.take("setup");
  const [sibling] = (await listMachines(t.db, { state: "ready", limit: 1 })).items;
  if (sibling === undefined) throw new Error("expected a sibling");
  const result = {
    outcome: "setup_failed",
    reason: "host_key_changed",
    message: "host key changed",
    presented: `SHA256:${sibling.name}`,
  } as const;
  return { relay, setup, sibling, result };
}

test("R12 a set-up that meets another machine of ours at the address is swapped, not failed", async () => {
  await using t = await testDb();
  const { relay, setup, sibling, result } = await atSiblingsAddress(t);
  await relay.finish(setup, result);
  expect(await findTester(t.db, ALICE)).toMatchObject({
    state: "setting_up",
    swaps: 1,
    machine: { id: sibling.id },
  });
  expect(await getMachine(t.db, setup.machine.id)).toMatchObject({ state: "suspect" });
});

test("after the first login it waits until the machine is found, and goes on there", async () => {
  await using t = await testDb();
  const { relay, setup, result } = await atSiblingsAddress(t);
  const { id, token, machine } = setup;
  await renew(t.db, NODE, relay.session, [{ id, token, progress: { kind: "setup", loggedIn: true } }]);
  await relay.finish(setup, result);
  expect(await findTester(t.db, ALICE)).toMatchObject({ state: "setting_up", machine: { id: machine.id } });
  const moved = { ssh: { host: "127.0.0.9", port: 2222 }, access: { host: "127.0.0.8", port: 22 } };
  await probe(t.db, relay, { [machine.name]: { answer: "alive", cause: null, moved } });
  await passTime(t.db, 10);
  const [again] = await relay.lease();
  expect(again).toMatchObject({ kind: "setup", id, machine: moved.ssh });
});

test("a host key that nobody knows fails the set-up at once", async () => {
  await using t = await testDb();
  const { relay, setup, result } = await atSiblingsAddress(t);
  await relay.finish(setup, { ...result, presented: "SHA256:strange" });
  expect(await findTester(t.db, ALICE)).toMatchObject({
    state: "failed",
    error: { code: "host_key_changed" },
  });
});

test("a machine found at another address keeps it from then on, on record", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const [machine] = (await listMachines(t.db, { limit: 1 })).items;
  if (machine === undefined) throw new Error("expected a machine");
  const moved = { ssh: { host: "127.0.0.9", port: 2222 }, access: { host: "127.0.0.8", port: 22 } };
  await probe(t.db, relay, { [machine.name]: { answer: "alive", cause: null, moved } });
  expect(await getMachine(t.db, machine.id)).toMatchObject({
    state: "ready",
    host: "127.0.0.9",
    port: 2222,
    access: { host: "127.0.0.8", port: 22 },
  });
  const told = await rows(t.db, sql`select after from events where reason = 'address_changed'`);
  expect(told).toEqual([{ after: "127.0.0.9:2222" }]);
});

test("a set-up that was told a machine's old address is leased anew with the new one, and the former lease is lost", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  const before = await relay.take("setup");
  const moved = { ssh: { host: "127.0.0.9", port: 2222 }, access: { host: "127.0.0.8", port: 22 } };
  await probe(t.db, relay, { [before.machine.name]: { answer: "alive", cause: null, moved } });
  const [after] = await relay.lease();
  expect(after).toMatchObject({ id: before.id, kind: "setup", machine: moved.ssh });
  expect(after?.token).toBeGreaterThan(before.token);
  await expect(relay.finish(before, setUpOf("alice", [KEY_A]))).rejects.toMatchObject({ code: "LEASE_LOST" });
});
