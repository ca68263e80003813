import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { assign } from "../helpers/leftToSweep.ts";
import { testDb, type TestDb } from "../helpers/db.ts";
import { overheard } from "../helpers/overheard.ts";
import { until } from "../helpers/until.ts";
import { APP, KEY_A, makeWorld } from "../helpers/world.ts";
import { ADMIN_TOKEN, RUNTIMES, startEdge, type TestEdge } from "./edges.ts";
import { isNight, atNight } from "../helpers/nightly.ts";

/** What of a look at an assignment no other statement has. */
const LOOK = "with shown as";
const POOL = "select p.name as pool";
const RECONNECTS = 40;
/** A little less than the second between two looks: timers may be early by a moment. */
const SECOND_MS = 950;

/** Alice's machine is being set up, and nothing comes of it: there is nothing new to be told. */
async function standingStill(t: TestDb): Promise<void> {
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  // However long the test takes, its set-up is one that was taken up, on a node that is heard: else there is news.
  await relay.lease();
  await t.db.execute(
    sql`update operations set lease_until = now() + interval '1 day' where state = 'leased'`,
  );
  await t.db.execute(sql`update nodes set last_seen_at = now() + interval '1 day'`);
}

/** Opens the stream as EventSource does. */
async function open(edge: TestEdge, lastEventId: string | null, signal: AbortSignal): Promise<Response> {
  const input = encodeURIComponent(JSON.stringify({ username: "alice" }));
  const response = await fetch(`${edge.url}/trpc/tester.watch?input=${input}`, {
    headers: {
      accept: "text/event-stream",
      authorization: `Bearer ${ADMIN_TOKEN}`,
      ...(lastEventId === null ? {} : { "last-event-id": lastEventId }),
    },
    signal,
  });
  expect(response.status).toBe(200);
  return response;
}

/** Reads up to the first event that has an id. */
async function firstId({ body }: Response): Promise<string> {
  let text = "";
  for await (const chunk of body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    const id = /^id: ?(.+)$/m.exec(text)?.[1];
    if (id !== undefined) return id;
  }
  throw new Error(`the stream ended without an event: ${text}`);
}

describe.each(atNight(RUNTIMES))("a watcher on %s", (runtime) => {
  test("who stays has one look a second, of one statement", async () => {
    await using t = await testDb();
    await standingStill(t);
    await using way = await overheard(t.url);
    await using edge = await startEdge(runtime, way.url);
    const client = new AbortController();
    const since = performance.now();
    // Held until the end: a response that nobody refers to any more is cancelled with the next garbage collection.
    const stream = await open(edge, null, client.signal);
    await until("five looks", () => way.moments(LOOK).length >= 5);
    expect(stream.bodyUsed).toBe(false);
    client.abort();
    // However late each of them is heard, none came before its second.
    for (const [n, at] of way.moments(LOOK).entries()) expect(at - since).toBeGreaterThan(n * SECOND_MS);
    expect(way.moments(POOL)).toHaveLength(1);
  });

  test.runIf(runtime === "node" || isNight)(
    "who comes back again and again has no more than that",
    async () => {
      await using t = await testDb();
      await standingStill(t);
      await using way = await overheard(t.url);
      await using edge = await startEdge(runtime, way.url);
      const first = new AbortController();
      const id = await firstId(await open(edge, null, first.signal));
      first.abort();
      const before = way.moments(LOOK).length;
      const opened: number[] = [];
      for (let n = 0; n < RECONNECTS; n += 1) {
        const again = new AbortController();
        opened.push(performance.now());
        await open(edge, id, again.signal);
        again.abort();
      }
      // Back for good, it has its look after a second.
      const last = new AbortController();
      opened.push(performance.now());
      const back = await open(edge, id, last.signal);
      // Shown again though nothing is new: a greeting alone would not say that anybody here still knows.
      expect(await firstId(back)).toBe(id);
      // A busy edge notices late that somebody left, who may then have had the look of their second; never one before it.
      for (const [n, at] of way.moments(LOOK).slice(before).entries()) {
        const due = opened.filter((since) => at - since > SECOND_MS).length;
        expect(due, `look ${n + 1} of ${RECONNECTS} reconnects`).toBeGreaterThan(0);
        expect(n + 1).toBeLessThanOrEqual(due * Math.ceil((at - (opened[0] ?? 0)) / SECOND_MS));
      }
      // Reading its first event has closed that one too. Nobody looks for those who left: who stays now looks alone.
      await open(edge, id, last.signal);
      await until("one look a second", () => {
        const [one = 0, two = 0, three = 0] = way.moments(LOOK).slice(-3);
        return two - one > SECOND_MS && three - two > SECOND_MS;
      });
      last.abort();
    },
  );
});
