import { expect, test } from "vitest";
import { createClient, errorCode } from "../../../src/client/index.ts";
import { watchUntilSettled } from "../../../src/cli/session/watch.ts";
import type { Watcher } from "../../../src/cli/session/watch.ts";
import type { Stream } from "../../../src/cli/terminal/output.ts";
import { progressView } from "../../../src/cli/views/progressView.ts";
import type { Assignment } from "../../../src/contract/assignment.ts";
import { anAssignment, inLine, inSetup } from "../../client/samples.ts";
import { Refusal, standIn } from "../../client/standIn.ts";
import { installation } from "../installation.ts";
import type { Answers } from "../../client/standIn.ts";

/** Watching through what the real API cannot be brought to at will: cut, closed and refused streams. */

const tester = { username: "alice" };

function watcherOf(change: Partial<Watcher> = {}) {
  const seen: Assignment["state"][] = [];
  const connection: string[] = [];
  const watcher: Watcher = {
    onChange: (assignment) => seen.push(assignment.state),
    onConnection: (state) => connection.push(state),
    signal: new AbortController().signal,
    patienceSeconds: 30,
    outage: () => null,
    ...change,
  };
  return { seen, connection, watcher };
}

async function watching(watch: Answers["watch"] & object) {
  const server = await standIn({ watch });
  return { ...server, client: createClient({ url: server.url, token: "t" }) };
}

test("a cut connection is said and got over", async () => {
  let streams = 0;
  await using server = await watching(async function* (_, signal) {
    streams++;
    if (streams === 1) {
      yield ["1", inSetup(1, 10)];
      await aborted(signal);
    }
    yield ["2", anAssignment()];
  });
  const { seen, connection, watcher } = watcherOf();
  const onChange = (assignment: Assignment) => {
    watcher.onChange(assignment);
    if (assignment.state === "setting_up") server.cut();
  };
  const last = await watchUntilSettled(server.client, tester, { ...watcher, onChange });
  expect(last).toEqual(anAssignment());
  expect(seen).toEqual(["setting_up", "active"]);
  expect(connection).toEqual(["connected", "lost", "connected"]);
});

test("a stream that the server ends early is opened anew", async () => {
  const states = [inLine(1), inSetup(1, 0), anAssignment()];
  await using server = await watching(async function* () {
    const next = states.shift();
    if (next !== undefined) yield [next.state, next];
  });
  const { seen, watcher } = watcherOf();
  await watchUntilSettled(server.client, tester, watcher);
  expect(seen).toEqual(["waiting", "setting_up", "active"]);
});

test.each(["active", "failed", "released"] as const)("%s is an end", async (state) => {
  await using server = await watching(async function* (_, signal) {
    yield ["1", anAssignment({ state })];
    await aborted(signal);
  });
  expect((await watchUntilSettled(server.client, tester, watcherOf().watcher)).state).toBe(state);
});

test.each([
  ["NOT_FOUND", "NOT_FOUND"],
  // What tRPC takes for passing and would try again for ever.
  ["FORBIDDEN", "INTERNAL_SERVER_ERROR"],
] as const)("%s ends it, also when it comes as tRPC's %s", async (code, carried) => {
  await using server = await watching(async function* () {
    yield ["1", inLine(1)];
    throw new Refusal(code, carried, "no");
  });
  await expect(watchUntilSettled(server.client, tester, watcherOf().watcher)).rejects.toMatchObject({
    data: { code },
  });
});

test("the real API's refusal ends the stream for any client, not only for this one", async () => {
  await using at = await installation();
  const ended = new Promise((resolve) => {
    at.client.tester.watch.subscribe(
      { username: "nobody1" },
      { onError: resolve, onComplete: () => resolve(null) },
    );
  });
  expect(errorCode(await ended)).toBe("NOT_FOUND");
});

test("a connection that stays lost is an error in the end, and says that the assignment goes on", async () => {
  await using server = await watching(async function* (_, signal) {
    yield ["1", inLine(1)];
    await aborted(signal);
  });
  const { connection, watcher } = watcherOf({
    patienceSeconds: 0.3,
    onChange: () => void server[Symbol.asyncDispose](),
  });
  await expect(watchUntilSettled(server.client, tester, watcher)).rejects.toThrow(
    "the connection was lost and did not come back for 0.3 s; the assignment itself continues.",
  );
  expect(connection).toEqual(["connected", "lost"]);
});

test("a server that greets and then knows nothing uses the patience up, and is told of once", async () => {
  let streams = 0;
  await using server = await watching(async function* () {
    streams += 1;
    if (streams === 1) yield ["1", inSetup(1, 10)];
    throw new Refusal("UNAVAILABLE", "SERVICE_UNAVAILABLE", "the database does not answer");
  });
  const { connection, watcher } = watcherOf({
    patienceSeconds: 1.5,
    outage: () => "the database does not respond",
  });
  const lines: string[] = [];
  const view = progressView({ write: (text: string) => lines.push(text) } as unknown as Stream, {});
  const shown = {
    ...watcher,
    onChange: view.change,
    onConnection: (state: "connected" | "lost") => {
      watcher.onConnection(state);
      view.connection(state);
    },
  };
  await expect(watchUntilSettled(server.client, tester, shown)).rejects.toThrow(
    "the database does not respond, for 1.5 s now; the assignment itself continues",
  );
  view.close();
  expect(streams).toBeGreaterThan(1);
  expect(new Set(connection.slice(1))).toEqual(new Set(["lost"]));
  expect(lines.map((line) => line.replace(/^\S+ +/, "").trim())).toEqual([
    expect.stringContaining("setting up"),
    "connection lost, retrying",
  ]);
});

test("an interrupt ends it with its own reason, also between two streams", async () => {
  await using server = await watching(async function* () {
    yield ["1", inLine(1)];
  });
  const stop = new AbortController();
  const { watcher } = watcherOf({
    signal: stop.signal,
    onChange: () => setImmediate(() => stop.abort(new Error("enough"))),
  });
  await expect(watchUntilSettled(server.client, tester, watcher)).rejects.toThrow("enough");
});

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
}
