import { describe, expect, test } from "vitest";
import { assign } from "../../src/domain/assignments/assign.ts";
import { testDb, type TestDb } from "../helpers/db.ts";
import { overheard } from "../helpers/overheard.ts";
import { until } from "../helpers/until.ts";
import { APP, KEY_A, makeWorld } from "../helpers/world.ts";
import { ADMIN_TOKEN, RUNTIMES, startEdge, type TestEdge } from "./edges.ts";

/** What of a look at an assignment no other statement has. */
const LOOK = "with shown as";
const POOL = "select p.name as pool";
const RECONNECTS = 40;

/** Alice's machine is being set up, and nothing comes of it: there is nothing new to be told. */
async function standingStill(t: TestDb): Promise<void> {
  const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
  await relay.workOff();
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
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

describe.each(RUNTIMES)("a watcher on %s", (runtime) => {
  test("who stays has one look a second, of one statement", async () => {
    await using t = await testDb();
    await standingStill(t);
    await using way = await overheard(t.url);
    await using edge = await startEdge(runtime, way.url);
    const client = new AbortController();
    await open(edge, null, client.signal);
    await until("five looks", () => way.moments(LOOK).length >= 5);
    client.abort();
    const looks = way.moments(LOOK);
    for (const [n, at] of looks.entries()) if (n > 0) expect(at - (looks[n - 1] ?? 0)).toBeGreaterThan(900);
    expect(way.moments(POOL)).toHaveLength(1);
  });

  test("who comes back again and again has no more than that", async () => {
    await using t = await testDb();
    await standingStill(t);
    await using way = await overheard(t.url);
    await using edge = await startEdge(runtime, way.url);
    const first = new AbortController();
    const id = await firstId(await open(edge, null, first.signal));
    first.abort();
    const before = way.moments(LOOK).length;
    const since = performance.now();
    for (let n = 0; n < RECONNECTS; n += 1) {
      const again = new AbortController();
      await open(edge, id, again.signal);
      again.abort();
    }
    // Back for good, it has its look after a second; by then those it left behind would have had theirs.
    const last = new AbortController();
    const back = await open(edge, id, last.signal);
    // Shown again though nothing is new: a greeting alone would not say that anybody here still knows.
    expect(await firstId(back)).toBe(id);
    const seconds = (performance.now() - since) / 1000;
    const looks = way.moments(LOOK).length - before;
    last.abort();
    expect(looks, `${RECONNECTS} times in ${seconds} s`).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
  });
});
