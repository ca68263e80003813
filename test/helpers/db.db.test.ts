import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { rows } from "../../src/db/client.ts";
import { testDb } from "./db.ts";

test("each database is migrated, empty and an installation of its own", async () => {
  await using one = await testDb();
  await using other = await testDb();
  await one.db.execute(sql`insert into duties (duty, last_start_at) values ('probe', now())`);
  expect(await rows(other.db, sql`select duty from duties`)).toEqual([]);
  const installation = sql`select installation from settings`;
  expect(await rows(one.db, installation)).not.toEqual(await rows(other.db, installation));
});
