import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { health } from "../../../src/api/health.ts";
import { createClient } from "../../../src/client/index.ts";
import { outageText } from "../../../src/cli/session/outage.ts";
import { patiently } from "../../../src/cli/session/patience.ts";
import { DATABASE_DOWN } from "../../../src/contract/outage.ts";
import { ADMIN_TOKEN, startEdge } from "../../api/edges.ts";
import { aPool } from "../../client/samples.ts";
import { standIn } from "../../client/standIn.ts";
import { testDb } from "../../helpers/db.ts";
import { takeFailures } from "../../helpers/followers.ts";
import { movingAddress } from "../../helpers/movingAddress.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { until } from "../../helpers/until.ts";
import { KEY_A, makeWorld } from "../../helpers/world.ts";
import { unwrapped, warmpool } from "../run.ts";

/** A database that goes away and comes back: every verb reports the database, and none a node or the edge. */

async function behindAnAddress() {
  const t = await testDb();
  await makeWorld(t.db, { targetSize: 0, maxSize: 1 });
  const direct = new URL(t.url);
  const port = Number(direct.port === "" ? "5432" : direct.port);
  const address = await movingAddress(port);
  direct.port = String(address.port);
  const edge = await startEdge("node", direct.href);
  return {
    url: edge.url,
    away: () => address.close(),
    back: () => address.reopen(),
    [Symbol.asyncDispose]: async () => {
      await edge[Symbol.asyncDispose]();
      address.close();
      await t[Symbol.asyncDispose]();
    },
  };
}

test("assign --wait and events --follow: the database goes away → both report it, and continue when it is back", async () => {
  await using at = await behindAnAddress();
  await using folder = await temporaryFolder();
  const key = join(folder.path, "id.pub");
  await writeFile(key, KEY_A);
  const seen = { assign: "", events: "" };
  const assigned = warmpool(["assign", "bob", "--key", key, "--wait"], {
    ...at,
    onStderr: (soFar) => (seen.assign = soFar),
  });
  let events = 0;
  void warmpool(["events", "--follow", "--json"], {
    ...at,
    onStdout: () => (events += 1),
    onStderr: (soFar) => (seen.events = soFar),
  });
  await until("both to have begun", () => seen.assign.includes("waiting") && events > 0);
  at.away();
  await until("both to report it", () => Object.values(seen).every((text) => text.includes(DATABASE_DOWN)));
  await at.back();
  const client = createClient({ url: at.url, token: ADMIN_TOKEN });
  await until("the edge to be back", () => client.tester.release.mutate({ username: "bob" }));
  expect((await assigned).code).toBe(1);
  takeFailures();
  expect(seen.events).toContain(`${DATABASE_DOWN}; retrying.`);
  expect(seen.assign + seen.events).not.toMatch(/connection lost|127\.0\.0\.1:\d+ does not respond/);
});

test("doctor: the database is away → that is the finding, and the edge is fine", async () => {
  await using at = await behindAnAddress();
  at.away();
  const { code, stdout } = await warmpool(["doctor"], at);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^ok +edge +http:\S+ responds in \d+ ms$/m);
  expect(unwrapped(stdout)).toMatch(/WRONG +database +the database does not respond/);
  expect(stdout).not.toContain("failing");
  expect(stdout).toMatch(/\n\n1 problem found\.\n$/);
});

test("a database that hangs → /healthz reports it within its limit", async () => {
  await using t = await testDb();
  await t.db.transaction(async (tx) => {
    await tx.execute(sql`lock table duties in access exclusive mode`);
    expect(await health(t.db, [], 50)).toEqual({ status: "failing", problems: [DATABASE_DOWN] });
  });
});

test("what is followed is retried → a note for each thing that does not respond, not for each try", async () => {
  const down = { status: 503, body: JSON.stringify({ status: "failing", problems: [DATABASE_DOWN] }) };
  const gateway = { status: 503, body: "<h1>503</h1>" };
  // Each call without an answer from Warmpool is followed by a look at /healthz.
  await using server = await standIn({
    gateway: [gateway, gateway, gateway, gateway, gateway, down],
    pools: () => [aPool()],
  });
  const client = createClient({ url: server.url, token: "t" });
  const notes: string[] = [];
  await patiently({ url: server.url, note: (text) => void notes.push(text) }, () => client.pool.list.query());
  expect(notes).toEqual([`${server.url} does not respond; retrying.`, `${DATABASE_DOWN}; retrying.`]);
  expect(await outageText(new Error("x"), "http://127.0.0.1:9")).toBe("http://127.0.0.1:9 does not respond");
});
