import { describe, expect, test } from "vitest";
import { testDb } from "../helpers/db.ts";
import { countStates, KEY_A, makeWorld } from "../helpers/world.ts";
import { ADMIN_TOKEN, RUNTIMES, startEdge } from "./edges.ts";

describe.each(RUNTIMES)("a crowd on %s", (runtime) => {
  test("400 assigns at once on 50 ready machines: 50 distinct ones, and no 5xx but 503 with Retry-After", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 50, maxSize: 50 });
    await relay.workOff();
    await using edge = await startEdge(runtime, t.url);
    const answers = await Promise.all(
      Array.from({ length: 400 }, async (_, n) => {
        const response = await fetch(`${edge.url}/trpc/tester.assign`, {
          method: "POST",
          headers: { "content-type": "application/json", authorization: `Bearer ${ADMIN_TOKEN}` },
          body: JSON.stringify({ username: `tester${n % 200}`, sshKeys: [KEY_A] }),
        });
        const body = (await response.json()) as {
          result?: { data: { assignment: { machine: { id: string } | null } } };
        };
        return { status: response.status, retryAfter: response.headers.get("retry-after"), body };
      }),
    );
    const statuses = Map.groupBy(answers, (answer) => answer.status);
    const told = [...statuses].map(([status, group]) => `${status}: ${group.length}`).join(", ");
    expect(
      [...statuses.keys()].filter((status) => status !== 200 && status !== 503),
      told,
    ).toEqual([]);
    expect(statuses.get(503)?.every((answer) => answer.retryAfter !== null) ?? true).toBe(true);
    const served = statuses.get(200)?.length ?? 0;
    expect(served, told).toBeGreaterThan(0);
    expect((await countStates(t.db))["assigned"]).toBeLessThanOrEqual(50);
    if (served === 400) expect((await countStates(t.db))["assigned"]).toBe(50);
    console.log(`${runtime}: ${told}`);
  }, 60_000);
});
