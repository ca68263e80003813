import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
import { connect, rows } from "../../../src/db/client.ts";
import { capacityReport } from "../../../src/domain/capacity/report.ts";
import { finish } from "../../../src/domain/operations/finish.ts";
import { listMachines } from "../../../src/domain/machines/view.ts";
import { reportInventory } from "../../../src/domain/nodes/applyInventory.ts";
import { listNodes } from "../../../src/domain/nodes/view.ts";
import { listPools } from "../../../src/domain/pools/pools.ts";
import { queueProbes } from "../../../src/domain/health/schedule.ts";
import { renew } from "../../../src/domain/operations/progress.ts";
import { SETTINGS } from "../../../src/domain/core/limits.ts";
import { testDb, type TestDb } from "../../helpers/db.ts";
import { makeWorld, NODE, openRelay, type StandInRelay } from "../../helpers/world.ts";

/** A node that somebody has taken over says what it likes: the others' machines and everybody's answers stay as they are. */

const OTHER = "n2";
type Probed = Extract<OperationResult, { outcome: "probed" }>;

/** Two machines on a node, and a second node whose relay is about to lie. */
async function twoNodes(t: TestDb): Promise<{ honest: StandInRelay; liar: StandInRelay }> {
  const honest = await makeWorld(t.db, { targetSize: 2 });
  await honest.workOff();
  await t.db.execute(sql`insert into nodes (name) values (${OTHER})`);
  const liar = await openRelay(t.db, OTHER);
  await liar.answerProbe();
  return { honest, liar };
}

async function lie(t: TestDb, liar: StandInRelay, said: Omit<Probed, "outcome">): Promise<void> {
  await queueProbes(t.db, [OTHER]);
  await liar.finish(await liar.take("probe"), { outcome: "probed", ...said });
}

const listingOf = (more: object) => ({
  complete: true,
  startedAt: new Date().toISOString(),
  names: [],
  ...more,
});

test("S10 a node's answers for the machines of another change nothing, and wait for no lock of theirs", async () => {
  // One session, for which the bound on waiting counts.
  await using t = await testDb({ max: 1 });
  const { liar } = await twoNodes(t);
  const before = await listMachines(t.db, { limit: 50 });
  const answers = before.items.map(({ id }) => ({
    id,
    answer: "dead" as const,
    cause: "because I say so",
    presented: `SHA256:${"x".repeat(43)}`,
    moved: { ssh: { host: "203.0.113.6", port: 22 }, access: { host: "203.0.113.6", port: 22 } },
  }));
  const busy = connect(t.url, { max: 1 });
  try {
    await busy.db.transaction(async (tx) => {
      await tx.execute(sql`select 1 from machines where node = ${NODE} for update`);
      await t.db.execute(sql`set lock_timeout = '2s'`);
      await lie(t, liar, { listing: listingOf({}), answers });
    });
  } finally {
    await busy.close();
  }
  const copies = before.items.map(({ name }) => ({ name, of: name }));
  await lie(t, liar, {
    listing: listingOf({ names: before.items.map(({ name }) => name), copies }),
    answers: [],
  });
  expect(await listMachines(t.db, { limit: 50 })).toEqual(before);
  const nodes = await listNodes(t.db);
  expect(nodes.find(({ name }) => name === NODE)).toMatchObject({ orphans: [], brake: null });
  const told = await rows<{ reason: string }>(
    t.db,
    sql`select distinct reason from events where node = ${OTHER}`,
  );
  expect(told.map(({ reason }) => reason).toSorted()).toEqual(["heard", "orphan_seen", "probed"]);
});

test("S10 a node neither renews nor ends another's operation, with its token and its session", async () => {
  await using t = await testDb();
  const { honest, liar } = await twoNodes(t);
  await queueProbes(t.db, [NODE]);
  const { id, token } = await honest.take("probe");
  const result = { outcome: "probed" as const, listing: null, answers: [] };
  for (const session of [liar.session, honest.session]) {
    await expect(finish(t.db, OTHER, { session, id, token, result })).rejects.toMatchObject({
      code: "LEASE_LOST",
    });
    const renewed = await renew(t.db, OTHER, session, [{ id, token }]).catch((error: unknown) => error);
    expect(renewed).toSatisfy(
      (said: { code?: string; operations?: { status: string }[] }) =>
        said.code === "LEASE_LOST" || said.operations?.[0]?.status === "lost",
    );
  }
  await honest.finish({ id, token }, result);
});

test("S10 what a node shows of another's machines takes no room there", async () => {
  await using t = await testDb();
  await twoNodes(t);
  const shape = { vcpus: 1, memoryMib: 512, diskGib: 4 };
  const inventory = {
    cpus: 8,
    memoryMib: { total: 8192, available: 8192, reserve: 0 },
    disks: [{ name: "sda", totalGib: 100, usedGib: 0, thin: false }],
    machines: [],
  };
  await reportInventory(t.db, NODE, inventory);
  const room = async () => (await capacityReport(t.db, { shape })).nodes.find(({ node }) => node === NODE);
  const before = await room();
  const { items } = await listMachines(t.db, { limit: 50 });
  const machines = items.map(({ name }) => ({
    ...{ name, ours: true, running: true, vcpus: 900, memoryMib: 1e9, limited: true },
    disks: [{ device: "sda", gib: 1e9 }],
  }));
  await reportInventory(t.db, OTHER, { ...inventory, machines });
  expect({ ...(await room()), inventoryAgeSeconds: 0 }).toEqual({ ...before, inventoryAgeSeconds: 0 });
});

test("S10 of a listing with thousands of orphans some are kept, all are counted, and a person is asked", async () => {
  await using t = await testDb();
  const { liar } = await twoNodes(t);
  const names = Array.from({ length: 5000 }, (_, at) => `demo-${at}-${"x".repeat(80)}`);
  await lie(t, liar, { listing: listingOf({ names }), answers: [] });
  const node = (await listNodes(t.db)).find(({ name }) => name === OTHER);
  expect(node?.orphans).toHaveLength(SETTINGS.mostOrphans);
  expect(node?.orphanBrake).toMatchObject({ reason: "several", count: 5000 });
  const [row] = await rows<{ bytes: number }>(
    t.db,
    sql`select pg_column_size(to_jsonb(n)) as bytes from nodes n where name = ${OTHER}`,
  );
  expect(row?.bytes).toBeLessThan(100_000);
  expect(JSON.stringify(await listPools(t.db)).length).toBeLessThan(10_000);
});
