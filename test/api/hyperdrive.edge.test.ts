import { expect, test } from "vitest";
import type { AssignResult } from "../../src/contract/assignment.ts";
import { testDb } from "../helpers/db.ts";
import { hasPgbouncer, startPgbouncer } from "../helpers/pgbouncer.ts";
import { countStates, KEY_A, makeWorld } from "../helpers/world.ts";
import { ADMIN_TOKEN, startEdge } from "./edges.ts";

const isMissing = !hasPgbouncer() && process.env["CI"] === undefined;
const NAMES = Array.from({ length: 12 }, (_, n) => `tester${n}`);

async function ask(url: string, username: string): Promise<AssignResult> {
  const response = await fetch(`${url}/trpc/tester.assign`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${ADMIN_TOKEN}` },
    body: JSON.stringify({ username, sshKeys: [KEY_A] }),
  });
  const body = (await response.json()) as { result?: { data: AssignResult } };
  if (body.result === undefined) throw new Error(`${response.status} ${JSON.stringify(body)}`);
  return body.result.data;
}

/** Hyperdrive itself gives each transaction another session; its local stand-in does not, so a pooler is behind it. */
test.skipIf(isMissing)(
  "A3 in workerd, through Hyperdrive's proxy and a pooler by transaction: everybody gets their own answer",
  async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: NAMES.length, maxSize: NAMES.length });
    await relay.workOff();
    await using pooler = await startPgbouncer(t.url, "transaction", 2);
    await using edge = await startEdge("workerd", pooler.url);
    for (const repeated of [false, true]) {
      const given = await Promise.all(NAMES.map((username) => ask(edge.url, username)));
      expect(given.map(({ assignment }) => assignment.username)).toEqual(NAMES);
      expect(given.map(({ created }) => created)).toEqual(NAMES.map(() => !repeated));
      expect(new Set(given.map(({ assignment }) => assignment.machine?.name)).size).toBe(NAMES.length);
    }
    expect(await countStates(t.db)).toMatchObject({ assigned: NAMES.length });
    await edge.cron();
    expect(edge.logs()).not.toContain("INTERNAL");
  },
);
