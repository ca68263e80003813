import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { sweep } from "../../../src/cron/sweep.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { listMachines } from "../../../src/domain/machines/view.ts";
import { SETTINGS } from "../../../src/domain/core/limits.ts";
import { testDb } from "../../helpers/db.ts";
import { countStates, makeWorld, type StandInRelay } from "../../helpers/world.ts";

/** The second look becomes due, and finds its machines so. */
async function lookAgain(db: Db, relay: StandInRelay, answer: "alive" | "dead"): Promise<string[]> {
  await db.execute(sql`update operations set not_before = now() where scope = 'suspects'`);
  const operation = (await relay.lease()).find(({ kind }) => kind === "probe");
  if (operation?.kind !== "probe" || operation.scope !== "suspects")
    throw new Error("expected a second look");
  await relay.finish(operation, {
    outcome: "probed",
    listing: null,
    answers: operation.machines.map(({ id }) => ({
      id,
      answer,
      cause: answer === "dead" ? "refused" : null,
    })),
  });
  return operation.machines.map(({ name }) => name);
}

const queued = (db: Db) =>
  rows<{ wait: number }>(
    db,
    sql`select extract(epoch from not_before - now())::float8 as wait from operations
      where scope = 'suspects' and state = 'queued'`,
  );

test("a suspect is asked again within seconds, alone, and comes back on one good answer", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 5 });
  await relay.workOff();
  const [victim] = (await listMachines(t.db, { limit: 1 })).items;
  await sweep(t.db);
  await relay.answerProbe([victim?.name ?? ""]);
  const [look] = await queued(t.db);
  expect(look?.wait).toBeGreaterThan(0);
  expect(look?.wait).toBeLessThanOrEqual(SETTINGS.recheckSeconds);
  expect(await lookAgain(t.db, relay, "alive")).toEqual([victim?.name]);
  expect(await countStates(t.db)).toEqual({ ready: 3 });
  expect(await queued(t.db)).toEqual([]);
});

test("R7 second looks between two sweeps count no strike, come later each time, and end", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 5 });
  await relay.workOff();
  const [victim] = (await listMachines(t.db, { limit: 1 })).items;
  await sweep(t.db);
  await relay.answerProbe([victim?.name ?? ""]);
  const age = (seconds: number) =>
    t.db.execute(
      sql`update machines set suspect_since = now() - make_interval(secs => ${seconds}) where state = 'suspect'`,
    );
  await age(20);
  await lookAgain(t.db, relay, "dead");
  const [later] = await queued(t.db);
  expect(later?.wait).toBeGreaterThan(SETTINGS.recheckSeconds);
  await age(SETTINGS.recheckUntilSeconds + 1);
  await lookAgain(t.db, relay, "dead");
  expect(await queued(t.db)).toEqual([]);
  expect(await countStates(t.db)).toEqual({ ready: 2, suspect: 1 });
});

test("a second look under way does not keep the sweep's own probe from being queued", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 4 });
  await relay.workOff();
  const [victim] = (await listMachines(t.db, { limit: 1 })).items;
  await sweep(t.db);
  await relay.answerProbe([victim?.name ?? ""]);
  await sweep(t.db);
  const live = await rows(
    t.db,
    sql`select scope from operations where kind = 'probe' and state = 'queued' order by scope nulls first`,
  );
  expect(live).toEqual([{ scope: null }, { scope: "suspects" }]);
});

test("a ready machine that could not be asked when its node came back is not claimable until it is", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 4 });
  await relay.workOff();
  await t.db.execute(sql`update nodes set state = 'returning'`);
  await sweep(t.db);
  const operation = await relay.take("probe");
  const names = operation.machines.map(({ name }) => name);
  await relay.finish(operation, {
    outcome: "probed",
    listing: { complete: true, startedAt: new Date().toISOString(), names },
    answers: operation.machines.map(({ id }, n) =>
      n === 0
        ? { id, answer: "alive", cause: null }
        : { id, answer: "unknown", cause: "no file descriptors" },
    ),
  });
  expect(await rows(t.db, sql`select state from nodes`)).toEqual([{ state: "online" }]);
  expect(await countStates(t.db)).toMatchObject({ ready: 1, suspect: 1 });
  const why = await rows(t.db, sql`select reason from events where after = 'suspect'`);
  expect(why).toEqual([{ reason: "unproven" }]);
});

test("R14 a broken machine at maxSize is replaced all the same", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 3, maxSize: 3 });
  await relay.workOff();
  const [victim] = (await listMachines(t.db, { limit: 1 })).items;
  for (let round = 0; round < 2; round += 1) {
    await sweep(t.db);
    await relay.answerProbe([victim?.name ?? ""]);
  }
  expect(await countStates(t.db)).toEqual({ ready: 2, deleting: 1 });
  await relay.workOff();
  expect(await countStates(t.db)).toEqual({ ready: 3 });
});
