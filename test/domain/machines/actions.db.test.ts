import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign, release } from "../../helpers/leftToSweep.ts";
import {
  forgetMachine,
  holdMachine,
  recreateMachine,
  unholdMachine,
} from "../../../src/domain/machines/actions.ts";
import { listMachines } from "../../../src/domain/machines/view.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, APP, countStates, createdOf, DELETED, KEY_A, makeWorld } from "../../helpers/world.ts";

const alice = { username: "alice", sshKeys: [KEY_A] };

/** The newest machine that is not deleted. */
async function newest(db: Db) {
  const { items } = await listMachines(db, { limit: 1 });
  if (items[0] === undefined) throw new Error("there is no machine");
  return items[0];
}

async function reasonsOf(db: Db, machine: string): Promise<string[]> {
  const found = await rows<{ reason: string }>(
    db,
    sql`select reason from events where kind = 'machine' and machine = ${machine} order by id`,
  );
  return found.map((row) => row.reason);
}

test("recreate tears the machine down and another takes its place", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  const old = await newest(t.db);

  const going = await recreateMachine(t.db, old.name, ADMIN);

  expect(going).toMatchObject({ id: old.id, state: "deleting" });
  expect(going.can.recreate).toMatch(/already being torn down/);
  await expect(recreateMachine(t.db, old.id, ADMIN)).rejects.toMatchObject({ code: "CONFLICT" });
  await relay.workOff();
  expect(await countStates(t.db)).toEqual({ ready: 1 });
  expect((await newest(t.db)).name).not.toBe(old.name);
  expect(await reasonsOf(t.db, old.id)).toEqual(["refill", "known_good", "recreated", "proven_gone"]);
});

test("an assigned machine is neither recreated nor forgotten", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, alice, APP);
  const machine = await newest(t.db);
  for (const act of [
    () => recreateMachine(t.db, machine.id, ADMIN),
    () => forgetMachine(t.db, machine.id, "why not", ADMIN),
  ]) {
    await expect(act()).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringMatching(/assigned to alice; release/),
    });
  }
  expect(await countStates(t.db)).toEqual({ assigned: 1 });
});

test("a held machine is nobody's to claim, says who holds it and why, and is probed before it is ready again", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const { id } = await newest(t.db);

  const held = await holdMachine(t.db, id, "looks slow", ADMIN);

  expect(held).toMatchObject({ state: "held", hold: { by: ADMIN, note: "looks slow" } });
  expect((await assign(t.connection, alice, APP)).assignment.state).toBe("waiting");
  const back = await unholdMachine(t.db, id, ADMIN);
  expect(back).toMatchObject({ state: "suspect", hold: null });
  await relay.answerProbe();
  expect((await newest(t.db)).assignment?.username).toBe("alice");
});

test("a tester keeps a held machine, and unhold gives it back to the assignment", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, alice, APP);
  await relay.workOff();
  const { id } = await newest(t.db);
  const held = await holdMachine(t.db, id, undefined, ADMIN);
  expect(held).toMatchObject({ state: "held", assignment: { username: "alice" }, hold: { note: null } });
  expect(await unholdMachine(t.db, id, ADMIN)).toMatchObject({ state: "assigned", hold: null });

  await holdMachine(t.db, id, undefined, ADMIN);
  await release(t.db, { username: "alice" }, APP);
  expect(await countStates(t.db)).toEqual({ deleting: 1 });
});

test("R13 a held machine that a tester has had goes down at unhold, never back to the pool", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, alice, APP);
  const { id } = await newest(t.db);
  await holdMachine(t.db, id, undefined, ADMIN);
  // As a release does that leaves the machine for a look.
  await t.db.execute(sql`update testers set assignment = null`);
  await t.db.execute(sql`update assignments set state = 'released', released_at = now()`);
  expect(await unholdMachine(t.db, id, ADMIN)).toMatchObject({ state: "deleting" });
});

test("R14 a machine in any state without an assignment can be forgotten, and the pool fills again at maxSize", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  const forget = async (state: string) => {
    const machine = await newest(t.db);
    expect(machine.state).toBe(state);
    const gone = await forgetMachine(t.db, machine.id, "the host burnt down", ADMIN);
    expect(gone).toMatchObject({ state: "deleted", operation: null });
    expect(gone.receipt?.kind).toMatch(/forgotten|never-started/);
    expect(await countStates(t.db)).toEqual({ provisioning: 1 });
    return gone;
  };
  const unstarted = await forget("provisioning");
  expect(unstarted.receipt).toMatchObject({ kind: "never-started" });

  const [create] = await relay.lease();
  const started = await forget("provisioning");
  expect(started.receipt).toEqual({
    kind: "forgotten",
    listingStartedAt: null,
    storageProof: "none",
    by: ADMIN,
    note: "the host burnt down",
  });
  if (create?.kind !== "create") throw new Error("no create was leased");
  await expect(relay.finish(create, createdOf(create.machine))).rejects.toMatchObject({ code: "LEASE_LOST" });

  await relay.workOff();
  await forget("ready");
  await relay.workOff();
  await holdMachine(t.db, (await newest(t.db)).id, undefined, ADMIN);
  await forget("held");
  await relay.workOff();
  await recreateMachine(t.db, (await newest(t.db)).id, ADMIN);
  const teardown = await relay.take("delete");
  await forget("deleting");
  await expect(relay.finish(teardown, DELETED)).rejects.toMatchObject({ code: "LEASE_LOST" });
});

test("what is not there is NOT_FOUND, what is gone CONFLICT", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const { id } = await newest(t.db);
  await forgetMachine(t.db, id, undefined, ADMIN);
  for (const action of [recreateMachine, unholdMachine]) {
    await expect(action(t.db, "nope", ADMIN)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(action(t.db, id, ADMIN)).rejects.toMatchObject({ code: "CONFLICT" });
  }
  for (const action of [holdMachine, forgetMachine]) {
    await expect(action(t.db, "nope", undefined, ADMIN)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(action(t.db, id, undefined, ADMIN)).rejects.toMatchObject({ code: "CONFLICT" });
  }
});
