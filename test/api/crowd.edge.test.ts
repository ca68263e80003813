import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import type { AssignResult } from "../../src/contract/assignment.ts";
import { type Db, rows } from "../../src/db/client.ts";
import { release } from "../helpers/leftToSweep.ts";
import { testDb } from "../helpers/db.ts";
import { isNight } from "../helpers/nightly.ts";
import { until } from "../helpers/until.ts";
import { APP, countStates, KEY_A, makeWorld } from "../helpers/world.ts";
import { ADMIN_TOKEN, RUNTIMES } from "./edges.ts";
import { startApiProcess } from "./process.ts";

const TESTERS = Array.from({ length: 200 }, (_, n) => `tester${n}`);
const MACHINES = 50;

type Answer = { username: string; status: number; retryAfter: string | null; given: AssignResult | null };

async function ask(url: string, username: string): Promise<Answer> {
  const response = await fetch(`${url}/trpc/tester.assign`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${ADMIN_TOKEN}` },
    body: JSON.stringify({ username, sshKeys: [KEY_A] }),
  });
  const body = (await response.json()) as { result?: { data: AssignResult } };
  const retryAfter = response.headers.get("retry-after");
  return { username, status: response.status, retryAfter, given: body.result?.data ?? null };
}

const line = async (db: Db) =>
  (
    await rows<{ username: string }>(
      db,
      sql`select username from assignments where state = 'waiting' order by seq`,
    )
  ).map(({ username }) => username);

/** Everybody asks both processes at once, and those who were sent away for now ask again, until all have an answer. */
async function rush(urls: readonly string[]): Promise<{ answers: Answer[]; refused: number }> {
  const answers: Answer[] = [];
  let open = TESTERS.flatMap((username) => urls.map((url) => ({ url, username })));
  let refused = 0;
  await until(
    "everybody to have an answer",
    async () => {
      const round = await Promise.all(open.map(({ url, username }) => ask(url, username)));
      answers.push(...round);
      open = open.filter((_, n) => round[n]?.status === 503);
      refused += open.length;
      return open.length === 0;
    },
    { seconds: 120, everyMs: 500 },
  );
  return { answers, refused };
}

// Before workerd the acceptance run shows the same (verify/accept/parts/burst.ts).
// By day the acceptance run has such a crowd (verify/accept/parts/burst.ts), and assign.db.test.ts the statements.
(isNight ? describe : describe.skip).each(RUNTIMES)(
  "R1 a crowd before two API processes of %s",
  (runtime) => {
    test("200 testers ask both at once for 50 ready machines: 50 distinct ones, 150 wait in order, nobody has two", async () => {
      await using t = await testDb();
      const relay = await makeWorld(t.db, { targetSize: MACHINES, maxSize: MACHINES });
      await relay.workOff();
      await using one = await startApiProcess(runtime, t.url);
      await using other = await startApiProcess(runtime, t.url);
      const { answers, refused } = await rush([one.url, other.url]);
      console.log(`${runtime}: ${answers.length} answers, ${refused} of them 503`);

      expect(answers.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
      expect(answers.filter(({ status, retryAfter }) => status === 503 && retryAfter === null)).toEqual([]);
      const given = answers.flatMap((answer) => (answer.given === null ? [] : [answer.given]));
      expect(given).toHaveLength(2 * TESTERS.length);
      // Of the two answers to a tester one made the assignment, and both name the same.
      const ids = Map.groupBy(given, ({ assignment }) => assignment.username);
      for (const both of ids.values()) {
        expect(new Set(both.map(({ assignment }) => assignment.id)).size).toBe(1);
        if (refused === 0) expect(both.filter(({ created }) => created)).toHaveLength(1);
      }
      const told = new Map(
        given.flatMap(({ assignment: { machine, username } }) =>
          machine === null ? [] : [[machine.id, username]],
        ),
      );
      const held = await rows<{ machine: string; username: string }>(
        t.db,
        sql`select machine, username from assignments where state = 'setting_up'`,
      );
      expect(new Set(held.map(({ machine }) => machine)).size).toBe(MACHINES);
      expect(held).toHaveLength(MACHINES);
      // One who was told to wait may have been given a machine since; who was told of one holds that one.
      expect(held.map(({ machine, username }) => [machine, told.get(machine) ?? username])).toEqual(
        held.map(({ machine, username }) => [machine, username]),
      );
      expect([...told.keys()].filter((id) => !held.some(({ machine }) => machine === id))).toEqual([]);
      const waiting = await line(t.db);
      expect(waiting).toHaveLength(TESTERS.length - MACHINES);

      // And in that order they are served.
      await relay.workOff();
      for (const { username } of held.slice(0, 5)) await release(t.db, { username }, APP);
      await relay.workOff();
      expect(await line(t.db)).toEqual(waiting.slice(5));
      expect(await countStates(t.db)).toEqual({ assigned: MACHINES });
    }, 240_000);
  },
);
