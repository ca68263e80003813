import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { eventListInput } from "../../src/contract/event.ts";
import { DUTIES } from "../../src/contract/sweep.ts";
import { changesOf } from "../../src/cron/duties.ts";
import { sweep, sweepFor } from "../../src/cron/sweep.ts";
import { listEvents } from "../../src/domain/events/list.ts";
import { testDb } from "../helpers/db.ts";
import { assign } from "../helpers/leftToSweep.ts";
import { ADMIN, APP, KEY_A, makeWorld } from "../helpers/world.ts";

test("sweep: each duty reports what it did by names, and its changes are their sum", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  const ends = await sweep(t.db);
  expect(ends.map(({ duty }) => duty)).toEqual([...DUTIES]);
  for (const { duty, report, changes } of ends) {
    expect(Object.keys(report ?? {}), duty).not.toEqual([]);
    expect(report && changesOf(report), duty).toBe(changes);
  }
  const reports = Object.fromEntries(ends.map(({ duty, report }) => [duty, report]));
  expect(reports).toMatchObject({
    expire: { released: 0, warned: 0 },
    probe: { queued: 1 },
    match: { paired: 0 },
    replenish: { created: 1 },
    reap: { ofRemovedPools: 0, creates: 0, deletes: 0, setups: 0 },
  });
});

test("sweep: a duty that fails reports nothing, and the next ones run", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 1 });
  await t.db.execute(sql`alter table machines rename column machine_spec to renamed`);
  const ends = await sweep(t.db);
  expect(ends.find(({ duty }) => duty === "replenish")).toMatchObject({ outcome: "failed", report: null });
  expect(ends.find(({ duty }) => duty === "sample")).toMatchObject({ outcome: "done" });
});

test("a sweep that somebody asked for: its event has the reports, its answer the contract's fields alone", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  const { duties } = await sweepFor(t.db, ADMIN);
  expect(duties[0]).toEqual({ duty: "expire", outcome: "done", changes: 0, error: null });
  const { items } = await listEvents(t.db, eventListInput.parse({ kind: "sweep", limit: 1 }));
  expect(items[0]?.after).toMatchObject({
    expire: { outcome: "done", changes: 0, report: { released: 0, warned: 0 } },
  });
});
