import { expect, test } from "vitest";
import { sql } from "drizzle-orm";
import { assign } from "../../helpers/leftToSweep.ts";
import { getPool } from "../../../src/domain/pools/pools.ts";
import { createsPerHour, runway } from "../../../src/domain/pools/runway.ts";
import { testDb } from "../../helpers/db.ts";
import { passTime } from "../../helpers/passTime.ts";
import { APP, doHappily, KEY_A, makeWorld } from "../../helpers/world.ts";

const demand = { claims: 30, claimable: 5, usualCreateSeconds: 240, slots: 4, spec: { targetSize: 6 } };

test("what is ready lasts by the rate of the last hour, and a refill takes its rounds", () => {
  expect(runway(demand)).toEqual({ claimsPerHour: 30, emptyInSeconds: 600, refillSeconds: 480 });
  expect(createsPerHour(demand)).toBe(60);
  expect(runway({ ...demand, claims: 0 })).toBeNull();
  expect(runway({ ...demand, usualCreateSeconds: null })).toMatchObject({ refillSeconds: null });
  expect(runway({ ...demand, slots: 0 })).toMatchObject({ refillSeconds: null });
});

test("a pool that is drained faster than its creates allow says so, with its numbers", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 4, maxSize: 4 });
  for (let made = 0; made < 4; made += 2) {
    const creates = await relay.lease();
    expect(creates).toHaveLength(2);
    await passTime(t.db, 40);
    await t.db.execute(sql`update nodes set last_seen_at = now()`);
    for (const create of creates) await doHappily(relay, create);
  }
  for (const username of ["a", "b", "c", "d"])
    await assign(t.connection, { username, sshKeys: [KEY_A] }, APP);
  const keepingUp = async () =>
    (await getPool(t.db, "demo")).conditions.find(({ type }) => type === "KeepingUp");
  expect((await getPool(t.db, "demo")).runway).toEqual({
    claimsPerHour: 4,
    emptyInSeconds: 0,
    refillSeconds: expect.closeTo(80, -1) as number,
  });
  expect(await keepingUp()).toMatchObject({ status: true, reason: "MadeInTime" });

  await t.db.execute(sql`update machines set create_seconds = 3600`);
  expect(await keepingUp()).toMatchObject({
    status: false,
    message: expect.stringContaining(
      "requested 4 in the last hour, but only about 2 per hour can be created (2 at a time, 3600 s each)",
    ),
  });
});
