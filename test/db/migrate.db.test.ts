import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { expect, inject, test } from "vitest";
import { connect, rows } from "../../src/db/client.ts";
import { migrate } from "../../src/db/migrate.ts";

test("two migrators at once on an empty database are harmless, and a third finds nothing to do", async () => {
  const name = `warmpool_test_migrators_${randomUUID().slice(0, 8)}`;
  const server = connect(inject("serverUrl"), { max: 1 });
  const url = new URL(inject("serverUrl"));
  url.pathname = `/${name}`;
  try {
    await server.db.execute(sql`create database ${sql.identifier(name)}`);
    await Promise.all([migrate(url.href), migrate(url.href)]);
    const migrated = connect(url.href, { max: 1 });
    try {
      const applied = () => rows(migrated.db, sql`select hash from drizzle.__drizzle_migrations`);
      const before = await applied();
      const [settings] = await rows<{ installation: string }>(
        migrated.db,
        sql`select installation from settings`,
      );
      await migrate(url.href);
      expect(await applied()).toEqual(before);
      expect(new Set(before.map((row) => row["hash"])).size).toBe(before.length);
      expect(await rows(migrated.db, sql`select installation from settings`)).toEqual([settings]);
    } finally {
      await migrated.close();
    }
  } finally {
    await server.db.execute(sql`drop database if exists ${sql.identifier(name)} with (force)`);
    await server.close();
  }
});
