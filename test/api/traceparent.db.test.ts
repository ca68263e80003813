import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { rows } from "../../src/db/client.ts";
import { testDb } from "../helpers/db.ts";
import { deadline } from "../helpers/patience.ts";
import { KEY_A, makeWorld } from "../helpers/world.ts";
import { ADMIN_TOKEN, startEdge } from "./edges.ts";

const TRACE = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;

test("traceparent: a valid one → stored with the assignment for its relay; any other → none, and the assign succeeds", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  await using edge = await startEdge("node", t.url);
  const ask = async (path: string, username: string, traceparent?: string) => {
    const response = await fetch(`${edge.url}${path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        "content-type": "application/json",
        ...(traceparent === undefined ? {} : { traceparent }),
      },
      body: JSON.stringify({ username, sshKeys: [KEY_A] }),
      signal: deadline(30),
    });
    expect(response.status).toBe(200);
    // No part of it goes back to whoever asks.
    expect([...response.headers.keys()].filter((name) => name.startsWith("trace"))).toEqual([]);
    expect(await response.text()).not.toContain("a".repeat(32));
  };
  await ask("/trpc/tester.assign", "rpc", TRACE);
  await ask("/admin/v1/assignments", "http", TRACE);
  await ask("/trpc/tester.assign", "untraced");
  const wrong = [
    TRACE.toUpperCase(),
    TRACE.slice(1),
    `${TRACE}-more`,
    TRACE.replace("00-", "ff-"),
    `00-${"0".repeat(32)}-${"b".repeat(16)}-01`,
    `00-${"a".repeat(32)}-${"0".repeat(16)}-01`,
  ];
  for (const [n, text] of wrong.entries()) await ask("/trpc/tester.assign", `wrong${n}`, text);
  const stored = await rows<{ username: string }>(
    t.db,
    sql`select username from assignments where trace = ${TRACE} order by username`,
  );
  expect(stored.map(({ username }) => username)).toEqual(["http", "rpc"]);
  const [others] = await rows<{ count: number }>(
    t.db,
    sql`select count(*)::int as count from assignments where trace is null`,
  );
  expect(others?.count).toBe(1 + wrong.length);
});
