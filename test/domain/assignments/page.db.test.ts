import { expect, test } from "vitest";
import { newPage } from "../../../src/domain/access/pages.ts";
import { addPageKeys, extendFromPage } from "../../../src/domain/assignments/page.ts";
import { testDb, type TestDb } from "../../helpers/db.ts";
import { assign, release } from "../../helpers/leftToSweep.ts";
import { APP, KEY_A, KEY_B, makeWorld } from "../../helpers/world.ts";

const HOUR = 3600;

/** The id of an active assignment whose tester may extend it to five hours, and has a page. */
async function alices(t: TestDb): Promise<string> {
  const terms = { assignmentTtlSeconds: HOUR, testerTtlSeconds: 5 * HOUR };
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1, ...terms });
  await relay.workOff();
  const { assignment } = await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  await relay.workOff();
  await newPage(t.db, assignment.id, APP);
  return assignment.id;
}

test("page: an extension that the pool allows testers is made, a longer one and one after the end are refused", async () => {
  await using t = await testDb();
  const id = await alices(t);
  await extendFromPage(t.db, id, 2 * HOUR, APP);
  await expect(extendFromPage(t.db, id, 6 * HOUR, APP)).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringContaining("must be at most 18000") as string,
  });
  await release(t.db, { username: "alice" }, APP);
  await expect(extendFromPage(t.db, id, 3 * HOUR, APP)).rejects.toMatchObject({ code: "CONFLICT" });
});

test("page: a key is added once beside those that are there, and none after the end", async () => {
  await using t = await testDb();
  const id = await alices(t);
  await addPageKeys(t.db, id, [KEY_B, KEY_A], APP);
  const { assignment } = await assign(t.connection, { username: "alice", sshKeys: [KEY_A, KEY_B] }, APP);
  expect(assignment.keyFingerprints).toHaveLength(2);
  await release(t.db, { username: "alice" }, APP);
  await expect(addPageKeys(t.db, id, [KEY_B], APP)).rejects.toMatchObject({ code: "CONFLICT" });
});
