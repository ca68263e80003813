import { type SQL, sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { type Db, rows } from "../../../src/db/client.ts";
import { assignmentsShown, inLine, withoutLine } from "../../../src/domain/assignments/view.ts";
import { ownersOf } from "../../../src/domain/health/hostKeys.ts";
import { poolFacts } from "../../../src/domain/pools/pools.ts";
import { testDb } from "../../helpers/db.ts";
import { makeWorld } from "../../helpers/world.ts";

/** What is asked at every probe or look at a pool does not walk through what there has been. */

async function planOf(db: Db, statement: SQL): Promise<string> {
  const lines = await rows<{ "QUERY PLAN": string }>(db, sql`explain ${statement}`);
  return lines.map((line) => line["QUERY PLAN"]).join("\n");
}

const BY_TESTER = [
  sql`a.pool = ${"demo"} and a.username = ${"u7"}`,
  sql`order by a.seq desc limit 1`,
] as const;

test("neither an assignment, a pool's view nor a strange host key reads all the machines and assignments there ever were", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  await t.db.execute(sql`
    insert into machines (name, pool, node, state, port, http_port, machine_spec, shape, host_key, receipt, deleted_at)
    select 'm-' || n, 'demo', 'n1', 'deleted', n, 50000 + n, p.machine_spec, p.spec -> 'shape',
      jsonb_build_object('fingerprint', 'SHA256:' || n), '{}', now() from generate_series(1, 20000) n, pools p`);
  await t.db.execute(
    sql`insert into testers (pool, username) select 'demo', 'u' || n from generate_series(1, 20000) n`,
  );
  await t.db.execute(sql`
    insert into assignments (pool, username, state, ssh_keys, recipe, recipe_version, created_at, released_at,
      claimed_at, setup_at, active_at)
    select 'demo', 'u' || n, 'released', '[]', r.name, r.version, now() - make_interval(mins => n), now(),
      now(), now(), now()
    from generate_series(1, 20000) n, recipes r`);
  await t.db.execute(sql`analyze machines, assignments`);
  for (const statement of [
    assignmentsShown(...BY_TESTER, withoutLine),
    assignmentsShown(...BY_TESTER, inLine([])),
    assignmentsShown(sql`true`, sql`order by a.seq desc limit 50`, withoutLine),
    poolFacts(sql`true`),
    ownersOf(["SHA256:7", "SHA256:x"]),
  ]) {
    const plan = await planOf(t.db, statement);
    expect(plan).not.toMatch(/Sort Key: \w+\.seq DESC\s+-> {2}Seq/);
    expect(plan).not.toMatch(/Seq Scan on (machines|assignments)/);
    // One machine is found by its id; nothing walks through them by that, or by their numbers.
    expect(plan).not.toMatch(/using machines_(number|pkey) on .*\n(?!\s+Index Cond: \(id = )/);
  }
});
