import { expect, test } from "vitest";
import { createClient, errorCode, isWarmpoolError } from "../../src/client/index.ts";
import type { Assignment } from "../../src/contract/assignment.ts";
import { until } from "../helpers/until.ts";
import { aPool, anAssignment, inLine, inSetup, KEY } from "./samples.ts";
import { Refusal, standIn } from "./standIn.ts";

const token = "wp_app_of_a_test";

test("a call carries the token and gives the answer", async () => {
  await using server = await standIn({ pools: () => [aPool()] });
  const client = createClient({ url: `${server.url}/`, token });
  expect(await client.pool.list.query()).toEqual([aPool()]);
  expect(server.requests).toEqual([{ path: "/trpc/pool.list", authorization: `Bearer ${token}` }]);
});

test("an error answer has its code, its message and its status", async () => {
  await using server = await standIn({
    assign: () => {
      throw new Refusal("NO_CAPACITY", "CONFLICT", "no machine of pool demo is ready");
    },
  });
  const client = createClient({ url: server.url, token });
  const error = await client.tester.assign
    .mutate({ username: "alice", sshKeys: [KEY], wait: false })
    .catch(own);
  expect(isWarmpoolError(error)).toBe(true);
  expect(errorCode(error)).toBe("NO_CAPACITY");
  expect(error).toMatchObject({ message: "no machine of pool demo is ready", data: { httpStatus: 409 } });
});

test("a server that is not there is an error without a code", async () => {
  const server = await standIn({});
  await server[Symbol.asyncDispose]();
  const error = await createClient({ url: server.url, token }).pool.list.query().catch(own);
  expect(isWarmpoolError(error)).toBe(true);
  expect(errorCode(error)).toBeNull();
});

test("a call that is not answered ends by itself", async () => {
  await using server = await standIn({ status: (signal) => until(signal) });
  const client = createClient({ url: server.url, token, timeoutSeconds: 0.2 });
  const error = await client.tester.status.query({ username: "alice" }).catch(own);
  expect(isWarmpoolError(error) && error.cause).toMatchObject({ name: "TimeoutError" });

  function until(signal: AbortSignal | undefined): Promise<Assignment> {
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  }
});

test("a caller's signal ends a call", async () => {
  await using server = await standIn({ status: () => new Promise(() => {}) });
  const abort = new AbortController();
  const call = createClient({ url: server.url, token }).tester.status.query(
    { username: "alice" },
    { signal: abort.signal },
  );
  await until("the request to arrive", () => server.requests.length === 1);
  abort.abort();
  expect(isWarmpoolError(await call.catch(own))).toBe(true);
});

test("a watched tester's stream carries the token and ends with the server's", async () => {
  await using server = await standIn({
    watch: async function* () {
      yield ["1", inLine(1)];
      yield ["2", anAssignment()];
    },
  });
  const seen = await watched(server.url, 2);
  expect(seen).toEqual([
    { id: "1", data: inLine(1) },
    { id: "2", data: anAssignment() },
  ]);
  expect(server.requests).toEqual([{ path: "/trpc/tester.watch", authorization: `Bearer ${token}` }]);
});

test("a stream that is cut goes on after the last event that came through", async () => {
  const resumedFrom: (string | null)[] = [];
  await using server = await standIn({
    watch: async function* (lastEventId, signal) {
      resumedFrom.push(lastEventId);
      if (lastEventId === null) {
        yield ["1", inSetup(1, 50)];
        await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      }
      yield ["2", anAssignment()];
    },
  });
  const seen = await watched(server.url, 2, (count) => {
    if (count === 1) server.cut();
  });
  expect(seen.map(({ id }) => id)).toEqual(["1", "2"]);
  expect(resumedFrom).toEqual([null, "1"]);
});

test("a stream that is refused ends with the code", async () => {
  await using server = await standIn({
    watch: () => {
      throw new Refusal("NOT_FOUND", "NOT_FOUND", "tester alice never had a machine");
    },
  });
  const error = await watched(server.url, 1).catch(own);
  expect(errorCode(error)).toBe("NOT_FOUND");
  expect(error).toMatchObject({ message: "tester alice never had a machine" });
});

test.each([
  ["the API itself, in tRPC's form", unavailable(), { "retry-after": "0" }],
  ["a gateway in front of it", "<h1>503</h1>", {}],
])("a stream that is not to be had just now is asked for again: said by %s", async (_, body, headers) => {
  await using server = await standIn({
    gateway: [{ status: 503, headers, body }],
    watch: async function* () {
      yield ["1", anAssignment()];
    },
  });
  expect(await watched(server.url, 1)).toEqual([{ id: "1", data: anAssignment() }]);
  expect(server.requests).toHaveLength(2);
});

test("a stream that is refused outside of tRPC ends with the code too", async () => {
  const body = JSON.stringify({ error: { message: "no", code: -32_001, data: { code: "UNAUTHORIZED" } } });
  await using server = await standIn({ gateway: [{ status: 401, body }] });
  expect(errorCode(await watched(server.url, 1).catch(own))).toBe("UNAUTHORIZED");
});

test("no URL of a server is refused at once", () => {
  expect(() => createClient({ url: "127.0.0.1:8787", token })).toThrow(
    /is not a URL of a Warmpool; use one such as/,
  );
  expect(() => createClient({ url: "file:///etc/passwd", token })).toThrow(/is not a URL of a Warmpool/);
  for (const url of [
    "http://u:hunter2@127.0.0.1:8787",
    "http://u:hunter2#x@127.0.0.1",
    "http://u:hunter2%zz@[::1",
  ]) {
    expect(() => createClient({ url, token })).toThrow(
      /^the URL of a Warmpool must not contain a user or password/,
    );
  }
});

/** The events of `tester.watch` until the stream ends or `count` have come. */
function watched(url: string, count: number, onCount: (count: number) => void = () => {}) {
  return new Promise<{ id: string; data: Assignment }[]>((resolve, reject) => {
    const seen: { id: string; data: Assignment }[] = [];
    const subscription = createClient({ url, token }).tester.watch.subscribe(
      { username: "alice" },
      {
        onData: (event) => {
          seen.push(event);
          onCount(seen.length);
          if (seen.length < count) return;
          subscription.unsubscribe();
          resolve(seen);
        },
        onError: reject,
        onComplete: () => resolve(seen),
      },
    );
  });
}

function own(error: unknown): unknown {
  return error;
}

function unavailable(): string {
  return JSON.stringify({ error: { message: "busy", code: -32_603, data: { code: "UNAVAILABLE" } } });
}
