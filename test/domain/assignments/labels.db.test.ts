import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { capacityReport } from "../../../src/domain/capacity/report.ts";
import { labelNode } from "../../helpers/leftToSweep.ts";
import { type NodeWish, SERVES, serves } from "../../../src/domain/capacity/nodeFacts.ts";
import { planPoolChange } from "../../../src/domain/pools/preview.ts";
import { getPool, putPool } from "../../../src/domain/pools/pools.ts";
import { replenish } from "../../../src/domain/supply/applyPlan.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, makeWorld, openRelay, specOf } from "../../helpers/world.ts";

const NODES = { n1: [], n2: ["ssd"], n3: ["rack-2", "ssd"] } as const;

async function threeNodes(db: Db): Promise<void> {
  await makeWorld(db);
  for (const name of ["n2", "n3"]) {
    await db.execute(sql`insert into nodes (name) values (${name})`);
    await (await openRelay(db, name)).answerProbe();
  }
  for (const [name, labels] of Object.entries(NODES)) await labelNode(db, { name, labels }, ADMIN);
}

const nodesUsed = async (db: Db) =>
  (await rows<{ node: string }>(db, sql`select distinct node from machines order by node`)).map(
    ({ node }) => node,
  );

test("a pool that asks for labels has machines on nodes that carry them all, and nowhere else", async () => {
  await using t = await testDb();
  await threeNodes(t.db);
  const wish = { targetSize: 4, maxSize: 4, nodeLabels: ["ssd", "rack-2"] };
  await putPool(t.db, poolSpec.parse(specOf(wish)), ADMIN);
  expect(await nodesUsed(t.db)).toEqual(["n3"]);
  expect((await capacityReport(t.db, { pool: "demo" })).nodes.map(({ node }) => node)).toEqual(["n3"]);
});

test("with a label that no node carries it says so, in plan and condition; a node that gets it is used at once", async () => {
  await using t = await testDb();
  await threeNodes(t.db);
  await putPool(t.db, poolSpec.parse(specOf({ targetSize: 1, maxSize: 2, nodeLabels: ["gpu"] })), ADMIN);
  const condition = async () =>
    (await getPool(t.db, "demo")).conditions.find(({ type }) => type === "CapacityAvailable");
  expect(await nodesUsed(t.db)).toEqual([]);
  const message = "no enrolled node carries the label gpu";
  expect(await condition()).toMatchObject({ status: false, reason: "NoNode", message });
  const plan = await planPoolChange(t.db, poolSpec.parse(specOf({ targetSize: 1, nodeLabels: ["gpu"] })));
  expect(plan.text).toContain(`1 machine is wanted, and no node has room for it (${message})`);
  expect((await capacityReport(t.db, { pool: "demo" })).text).toMatch(
    /^0 more of .+ GiB fit: no enrolled node carries the label gpu\.$/,
  );

  await labelNode(t.db, { name: "n1", labels: ["gpu", "gpu"] }, ADMIN);
  await replenish(t.db, "demo", ADMIN);
  expect(await nodesUsed(t.db)).toEqual(["n1"]);
  expect(await condition()).toMatchObject({ status: true });
  const [told] = await rows(
    t.db,
    sql`select actor, data from events where reason = 'labelled' order by id desc limit 1`,
  );
  expect(told).toEqual({ actor: ADMIN, data: { before: { labels: [] }, after: { labels: ["gpu"] } } });
});

test.each<NodeWish>([
  {},
  { nodes: ["n2"] },
  { nodes: [] },
  { nodeLabels: [] },
  { nodeLabels: ["ssd"] },
  { nodeLabels: ["ssd", "rack-2"] },
  { nodes: ["n1", "n2"], nodeLabels: ["ssd"] },
])("what SQL finds for %o is what the rule says", async (wish) => {
  await using t = await testDb();
  await threeNodes(t.db);
  await putPool(t.db, poolSpec.parse(specOf({ ...wish, targetSize: 0 })), ADMIN);
  const found = await rows<{ name: string }>(
    t.db,
    sql`select n.name from nodes n, pools p where p.name = 'demo' and ${SERVES} order by n.name`,
  );
  const served = Object.entries(NODES).filter(([name, labels]) => serves({ name, labels }, wish));
  expect(found.map(({ name }) => name)).toEqual(served.map(([name]) => name));
});
