import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { testDb } from "../helpers/db.ts";
import { KEY_A, makeWorld } from "../helpers/world.ts";
import { call } from "./call.ts";
import { ADMIN_TOKEN, startEdge } from "./edges.ts";

test.each(["53100", "53200", "58030"])(
  "a database that fails with %s is UNAVAILABLE with Retry-After",
  async (code) => {
    await using t = await testDb();
    await makeWorld(t.db);
    await t.db.execute(
      sql.raw(`
      create function fail() returns trigger language plpgsql as
        $$ begin raise exception 'could not extend file' using errcode = '${code}'; end $$;
      create trigger full_disk before insert on assignments execute function fail()`),
    );
    await using edge = await startEdge("node", t.url);
    const answer = await call(edge.url, ADMIN_TOKEN, "tester.assign", {
      username: "alice",
      sshKeys: [KEY_A],
    });
    expect(answer).toMatchObject({ status: 503, code: "UNAVAILABLE", retryAfter: "1" });
  },
);
