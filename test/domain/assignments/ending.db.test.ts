import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
import { expire } from "../../../src/domain/assignments/expire.ts";
import { sweep } from "../../../src/cron/sweep.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { listEvents } from "../../../src/domain/events/list.ts";
import { extendAssignment } from "../../../src/domain/assignments/extend.ts";
import { getPool } from "../../../src/domain/pools/pools.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { retryAssignment } from "../../../src/domain/assignments/retry.ts";
import { SETTINGS } from "../../../src/domain/core/limits.ts";
import { waitsForLock } from "../../helpers/blocked.ts";
import { testDb, type TestDb } from "../../helpers/db.ts";
import { passTime } from "../../helpers/passTime.ts";
import { APP, countStates, doHappily, KEY_A, makeWorld, type StandInRelay } from "../../helpers/world.ts";

const ALICE = { username: "alice", sshKeys: [KEY_A] };
const HOUR = 3600;
const FAILED: OperationResult = {
  outcome: "setup_failed",
  reason: "step_failed",
  message: "The script ended with 3.",
  step: "hello",
};

/** Alice's set-up has failed on the pool's only machine. @returns the assignment's id. */
async function failedIn(t: TestDb, relay: StandInRelay): Promise<string> {
  await relay.workOff();
  const { assignment } = await assign(t.connection, ALICE, APP);
  await relay.finish(await relay.take("setup"), FAILED);
  return assignment.id;
}

const alice = (t: TestDb) => findTester(t.db, ALICE);

/** Seconds from now to the end, to the minute. */
async function left(t: TestDb): Promise<number | null> {
  const { expiresAt } = await alice(t);
  return expiresAt === null ? null : Math.round((Date.parse(expiresAt) - Date.now()) / 60_000) * 60;
}

/** What was told of times: warnings before an end, and extensions. */
const told = async (t: TestDb) => (await listEvents(t.db, { kind: "ttl", limit: 50 })).items;

describe("a failed assignment's machine is held for a look", () => {
  test("R13 for as long as the pool says; then it is released and the machine goes down, never back to the pool", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1, holdFailedSeconds: 2 * HOUR });
    await failedIn(t, relay);
    expect(await left(t)).toBe(2 * HOUR);
    await passTime(t.db, 2 * HOUR - 60);
    await sweep(t.db);
    expect(await alice(t)).toMatchObject({ state: "failed", error: { step: "hello" } });
    expect(await countStates(t.db)).toEqual({ assigned: 1 });

    await passTime(t.db, 61);
    await sweep(t.db);
    expect(await alice(t)).toMatchObject({ state: "released", error: { step: "hello" } });
    expect(await countStates(t.db)).toEqual({ deleting: 1 });
    const { items } = await listEvents(t.db, { kind: "assignment", limit: 1 });
    expect(items[0]).toMatchObject({
      reason: "failed_hold_over",
      actor: "system:expire",
      before: "failed",
      after: "released",
    });
  });

  test("for a day where the pool's spec is from before there was a choice, and that spec reads so", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
    await t.db.execute(sql`update pools set spec = spec - 'holdFailedSeconds'`);
    await failedIn(t, relay);
    expect(await left(t)).toBe(24 * HOUR);
    expect((await getPool(t.db, "demo")).spec.holdFailedSeconds).toBe(24 * HOUR);
  });

  test("with 0 until the next sweep, which warns of nothing", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1, holdFailedSeconds: 0 });
    await failedIn(t, relay);
    await sweep(t.db);
    expect(await alice(t)).toMatchObject({ state: "released" });
    expect(await told(t)).toEqual([]);
  });

  test("a retry ends the hold: while it is set up nothing ends it, and active it has its own time", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, {
      targetSize: 1,
      maxSize: 1,
      holdFailedSeconds: HOUR,
      assignmentTtlSeconds: 5 * HOUR,
    });
    const id = await failedIn(t, relay);
    expect(await retryAssignment(t.db, id, APP)).toMatchObject({ state: "setting_up", expiresAt: null });
    await passTime(t.db, 2 * HOUR);
    expect(await expire(t.db)).toEqual({ released: 0, warned: 0 });
    expect(await told(t)).toEqual([]);
    await doHappily(relay, await relay.take("setup"));
    expect(await left(t)).toBe(5 * HOUR);
  });

  test("a hold that is over when the sweep waits for a retry ends nothing", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1, holdFailedSeconds: 0 });
    const id = await failedIn(t, relay);
    const { swept } = await t.db.transaction(async (tx) => {
      await retryAssignment(tx, id, APP);
      const waiting = expire(t.db);
      await waitsForLock(t.db);
      return { swept: waiting };
    });
    expect(await swept).toEqual({ released: 0, warned: 0 });
    expect(await alice(t)).toMatchObject({ state: "setting_up" });
  });

  test("an extension pushes it out, counted from the failure, up to the ceiling, and leaves its later time alone", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1, holdFailedSeconds: HOUR });
    const id = await failedIn(t, relay);
    await passTime(t.db, 1800);
    const longer = await extendAssignment(t.db, id, 3 * HOUR, APP);
    expect(longer.state).toBe("failed");
    expect(await left(t)).toBe(2.5 * HOUR);
    const refusedWith = (code: string) => expect.objectContaining({ code }) as Error;
    await expect(extendAssignment(t.db, id, 2 * HOUR, APP)).rejects.toEqual(refusedWith("CONFLICT"));
    const above = SETTINGS.extendCeilingSeconds + 1;
    await expect(extendAssignment(t.db, id, above, APP)).rejects.toEqual(refusedWith("BAD_REQUEST"));
    await retryAssignment(t.db, id, APP);
    await doHappily(relay, await relay.take("setup"));
    expect(await alice(t)).toMatchObject({ state: "active", expiresAt: null });
  });
});
