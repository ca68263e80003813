import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { sweep } from "../../../src/cron/sweep.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { listEvents } from "../../../src/domain/events/list.ts";
import { extendAssignment } from "../../../src/domain/assignments/extend.ts";
import { findTester } from "../../../src/domain/assignments/release.ts";
import { SETTINGS } from "../../../src/domain/core/limits.ts";
import { waitsForLock } from "../../helpers/blocked.ts";
import { testDb } from "../../helpers/db.ts";
import { APP, KEY_A, makeWorld } from "../../helpers/world.ts";

const ALICE = { username: "alice", sshKeys: [KEY_A] };

const span = ({ activeAt, expiresAt }: { activeAt: string | null; expiresAt: string | null }) =>
  activeAt === null || expiresAt === null ? null : (Date.parse(expiresAt) - Date.parse(activeAt)) / 1000;

test("an extension counts from activeAt, never shortens, has a ceiling and leaves an event", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, { ...ALICE, ttlSeconds: 3600 }, APP);
  // Before it is active only the time is kept.
  expect(await extendAssignment(t.db, assignment.id, 5400, APP)).toMatchObject({ expiresAt: null });
  await relay.workOff();
  expect(span(await findTester(t.db, ALICE))).toBe(5400);

  expect(span(await extendAssignment(t.db, assignment.id, 7200, APP))).toBe(7200);
  await expect(extendAssignment(t.db, assignment.id, 3600, APP)).rejects.toMatchObject({ code: "CONFLICT" });
  await expect(
    extendAssignment(t.db, assignment.id, SETTINGS.extendCeilingSeconds + 1, APP),
  ).rejects.toMatchObject({ code: "BAD_REQUEST" });
  expect(span(await findTester(t.db, ALICE))).toBe(7200);

  const { items } = await listEvents(t.db, { kind: "ttl", limit: 10 });
  expect(items.map(({ reason, before, after }) => [reason, before, after])).toMatchObject([
    ["extended", { ttlSeconds: 5400 }, { ttlSeconds: 7200 }],
    ["extended", { ttlSeconds: 3600 }, { ttlSeconds: 5400, expiresAt: null }],
  ]);
});

test("an assignment that is extended while its expiry waits for it is not ended", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, { ...ALICE, ttlSeconds: 3600 }, APP);
  await relay.workOff();
  await t.db.execute(sql`update assignments set expires_at = now() where id = ${assignment.id}`);
  const swept = await t.db.transaction(async (tx) => {
    await extendAssignment(tx, assignment.id, 7200, APP);
    const expiring = sweep(t.db);
    await waitsForLock(t.db);
    return { expiring };
  });
  await swept.expiring;
  expect(await findTester(t.db, ALICE)).toMatchObject({ state: "active" });
});
