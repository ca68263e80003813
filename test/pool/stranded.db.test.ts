import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { sweep } from "../../src/cron/sweep.ts";
import { type Db, rows } from "../../src/db/client.ts";
import { assign } from "../../src/pool/assign.ts";
import { heard } from "../../src/pool/nodes.ts";
import { findTester } from "../../src/pool/release.ts";
import { testDb } from "../helpers/db.ts";
import { APP, KEY_A, makeWorld, NODE, openRelay } from "../helpers/world.ts";

const alice = { username: "alice", sshKeys: [KEY_A] };

/** Nothing is heard of the first node, and a second one has a machine ready. */
async function silentFirst(db: Db): Promise<void> {
  await db.execute(sql`update nodes set last_seen_at = now() - interval '10 minutes'`);
  await db.execute(sql`insert into nodes (name) values ('n2')`);
  const second = await openRelay(db, "n2");
  await second.answerProbe();
  await sweep(db);
  await second.workOff();
  await sweep(db);
}

test("R12 a set-up that nobody began on a node that went silent goes on on another machine, recorded as a swap", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 5 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, alice, APP);
  await silentFirst(t.db);
  const now = await findTester(t.db, { username: "alice" });
  expect(now).toMatchObject({ id: assignment.id, state: "active", swaps: 1 });
  expect(now.machine?.id).not.toBe(assignment.machine?.id);
  const [left] = await rows(t.db, sql`select node, state from machines where id = ${assignment.machine?.id}`);
  expect(left).toEqual({ node: "n1", state: "suspect" });
});

test("a set-up that a relay has taken stays where it is", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 5 });
  await relay.workOff();
  const { assignment } = await assign(t.connection, alice, APP);
  await relay.lease();
  await silentFirst(t.db);
  const now = await findTester(t.db, { username: "alice" });
  expect(now).toMatchObject({ state: "setting_up", swaps: 0, machine: { id: assignment.machine?.id } });
  expect(now.error).toMatchObject({ code: "node_silent" });

  await heard(t.db, NODE, relay.session);
  expect((await findTester(t.db, { username: "alice" })).error).toBeNull();
});
