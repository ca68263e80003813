import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { NOT_MIGRATED } from "../../../src/contract/schema.ts";
import { rows } from "../../../src/db/client.ts";
import type { Db } from "../../../src/db/client.ts";
import { missingColumns } from "../../../src/domain/installation/schema.ts";
import { call } from "../../api/call.ts";
import { ADMIN_TOKEN, startEdge } from "../../api/edges.ts";
import { testDb } from "../../helpers/db.ts";
import { unwrapped, warmpool } from "../run.ts";

/** A database that has another schema than this version asks for: whoever meets it says so, and what to do. */
const LACKS: [what: string, fault: SQL][] = [
  ["no table at all", sql`drop schema public cascade; drop schema drizzle cascade; create schema public`],
  ["a column less", sql`alter table nodes drop column orphan_brake`],
  ["a table less", sql`drop table tokens cascade`],
];

describe.each(LACKS)("a database with %s", (_, fault) => {
  test("the API, /healthz, status, doctor and the log all say that it is not migrated", async () => {
    await using t = await testDb();
    await t.db.execute(fault);
    await using edge = await startEdge("node", t.url);
    const answers = await Promise.all([
      call(edge.url, ADMIN_TOKEN, "node.list", undefined),
      call(edge.url, `wp_app_${"x".repeat(43)}`, "pool.list", undefined),
    ]);
    expect(answers).toContainEqual(
      expect.objectContaining({ status: 503, code: "UNAVAILABLE", message: NOT_MIGRATED, retryAfter: "1" }),
    );
    expect(answers.map(({ code }) => code)).not.toContain("INTERNAL");
    const health = await fetch(`${edge.url}/healthz`);
    expect({ status: health.status, body: await health.json() }).toEqual({
      status: 503,
      body: { status: "failing", problems: [NOT_MIGRATED] },
    });
    expect(edge.logs()).toContain(NOT_MIGRATED);

    const status = await warmpool(["status"], edge);
    if (status.code !== 0) expect(unwrapped(status.stderr)).toContain(NOT_MIGRATED);
    const doctor = await warmpool(["doctor", "--json"], edge);
    expect(doctor.code, doctor.stderr).toBe(1);
    const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; state: string }[] };
    const wrong = checks.flatMap(({ name, state }) => (state === "wrong" ? [name] : []));
    expect(wrong).toContain("migrations");
    expect(wrong).not.toContain("token");
  });
});

test("the tables that are asked for are those that the migrations make", async () => {
  await using t = await testDb();
  expect(await missingColumns(t.db)).toEqual([]);
  const tables = await rows<{ name: string }>(
    t.db,
    sql`select tablename as name from pg_tables where schemaname = 'public'`,
  );
  for (const { name } of tables) {
    expect(await missingWithout(t.db, name), name).toContainEqual(expect.stringMatching(`^${name}\\.`));
  }
});

/** What is missing if that table is. */
function missingWithout(db: Db, name: string): Promise<string[]> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`alter table ${sql.identifier(name)} rename to elsewhere`);
    const missing = await missingColumns(tx);
    await tx.execute(sql`alter table elsewhere rename to ${sql.identifier(name)}`);
    return missing;
  });
}
