import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { type Db, rows } from "../../../src/db/client.ts";
import { freePorts } from "../../../src/domain/supply/ports.ts";
import { testDb } from "../../helpers/db.ts";
import { makeWorld, NODE } from "../../helpers/world.ts";

/** A node with so many machines, and as many again that are gone. */
async function fill(db: Db, machines: number): Promise<void> {
  await db.execute(sql`
    insert into machines (name, pool, node, port, http_port, machine_spec, shape, state, phase, receipt)
    select 'm-' || n, 'demo', ${NODE}, 20000 + n % ${machines}::int, 20000 + ${machines}::int + n % ${machines}::int,
      p.machine_spec, p.spec -> 'shape', case when n <= ${machines}::int then 'provisioning' else 'deleted' end,
      case when n <= ${machines}::int then 'queued' end, case when n > ${machines}::int then '{}'::jsonb end
    from generate_series(1, ${machines}::int * 2) n, pools p`);
  await db.execute(sql`analyze machines`);
}

type Plan = {
  "Relation Name"?: string;
  "Node Type": string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  Plans?: Plan[];
};

/** Entries of machines that were looked up or read, over the whole plan. */
function looksAt(plan: Plan): number {
  const { "Actual Rows": found, "Actual Loops": loops, "Rows Removed by Filter": removed = 0 } = plan;
  const own = plan["Relation Name"] === "machines" ? loops * (1 + found + removed) : 0;
  return own + (plan.Plans ?? []).reduce((all, part) => all + looksAt(part), 0);
}

async function looksOf(db: Db, machines: number): Promise<number> {
  const [row] = await rows<{ "QUERY PLAN": [{ Plan: Plan }] }>(
    db,
    sql`explain (analyze, format json) ${freePorts(NODE, machines)}`,
  );
  return looksAt(row?.["QUERY PLAN"][0].Plan ?? expect.fail("no plan"));
}

test("a create looks at a few ports, however many machines its node has", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  await fill(t.db, 3000);
  // Some 75 are drawn for 40 free ones.
  expect(await looksOf(t.db, 3000)).toBeLessThan(3 * 80);
  for (let round = 0; round < 20; round += 1) {
    const found = await rows<{ port: number }>(t.db, freePorts(NODE, 3000));
    expect(found).toHaveLength(2);
    expect(found.every(({ port }) => port >= 26_000 && port < 32_768)).toBe(true);
  }
});
