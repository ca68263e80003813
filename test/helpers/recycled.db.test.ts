import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { rows } from "../../src/db/client.ts";
import { type TestDb, testDb } from "./db.ts";
import { makeWorld } from "./world.ts";

/** A database that a test has had is, for the next one, as if nobody had. */

const seen: { name: string; counts: Record<string, number>; nextEvent: number }[] = [];

/** How many rows each table has, and the next number of an event. */
async function look({ db, url }: TestDb) {
  const tables = await rows<{ name: string; count: number }>(
    db,
    sql`select relname as name, (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from public.%I', relname),
        false, true, '')))[1]::text::int as count
      from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`,
  );
  const [next] = await rows<{ id: number }>(
    db,
    sql`insert into events (kind, actor, reason) values ('node', 'test', 'looked') returning id`,
  );
  const counts = Object.fromEntries(tables.map(({ name, count }) => [name, count]));
  return { name: new URL(url).pathname, counts, nextEvent: next?.id ?? 0 };
}

describe("one test after the other", () => {
  test("fills a database", async () => {
    await using t = await testDb();
    seen.push(await look(t));
    const relay = await makeWorld(t.db, { targetSize: 2, maxSize: 2 });
    await relay.workOff();
  });

  test("has the same one, empty again, and changes its schema", async () => {
    await using t = await testDb();
    seen.push(await look(t));
    expect(seen[1]).toEqual(seen[0]);
    await t.db.execute(sql`alter table machines add column colour text`);
  });

  test("has another one, for that is not what it was", async () => {
    await using t = await testDb();
    const { name, ...rest } = await look(t);
    expect(rest).toEqual({ counts: seen[0]?.counts, nextEvent: seen[0]?.nextEvent });
    expect(name).not.toBe(seen[0]?.name);
    // Analysed tables have other plans.
    await t.db.execute(sql`analyze events`);
    seen.push({ name, ...rest });
  });

  test("has yet another one", async () => {
    await using t = await testDb();
    expect(new URL(t.url).pathname).not.toBe(seen[2]?.name);
  });
});
