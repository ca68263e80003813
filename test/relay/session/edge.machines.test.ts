import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { connectEdge, EdgeError, endsSession, retryMs } from "../../../src/relay/session/edge.ts";
import { backoff } from "../../../src/relay/time/pause.ts";
import { CREDENTIAL, JOIN_TOKEN, testEdge } from "../helpers/edge.ts";
import { freePort } from "../helpers/node.ts";

const never = new AbortController().signal;
const about = { relayVersion: "1", driver: "local", driverVersion: "1" };

test("joins with a token that works once", async () => {
  await using edge = await testEdge();
  const join = (): Promise<unknown> => connectEdge(edge.url, JOIN_TOKEN).join(about, never);
  expect(await join()).toEqual({ node: "n1", credential: CREDENTIAL, installation: "test" });
  await expect(join()).rejects.toMatchObject({ code: "UNAUTHORIZED" });
});

test("a refusal carries the edge's own code, and no secret", async () => {
  await using edge = await testEdge();
  edge.failWith("LEASE_LOST");
  const call = connectEdge(edge.url, CREDENTIAL).lease(
    { session: "00000000-0000-4000-8000-000000000000", free: { setups: 1, others: 1 }, waitSeconds: 0 },
    never,
  );
  const error: unknown = await call.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "LEASE_LOST", message: "relay.lease: LEASE_LOST" });
  expect(JSON.stringify(error)).not.toContain(CREDENTIAL);
});

test("an edge that is not there is unreachable, and the error says where and why", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  await expect(connectEdge(url, "x").join(about, never)).rejects.toMatchObject({
    code: "UNREACHABLE",
    message: expect.stringMatching(/^No response from http:\/\/127.*to relay.join: .*ECONNREFUSED/) as string,
  });
});

test("what answers but is no Warmpool is unreachable too", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 4\r\nconnection: close\r\n\r\noops");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(connectEdge(url, "x").join(about, never)).rejects.toMatchObject({ code: "UNREACHABLE" });
  } finally {
    server.close();
  }
});

test("a call that is aborted throws the signal's own reason", async () => {
  await using edge = await testEdge();
  const reason = new Error("told to stop");
  const call = connectEdge(edge.url, JOIN_TOKEN).join(about, AbortSignal.abort(reason));
  await expect(call).rejects.toBe(reason);
});

test("which failures end the session, and how long the others wait", () => {
  const error = (code: EdgeError["code"], after = 0): EdgeError => new EdgeError(code, "x", after);
  expect(
    ["LEASE_LOST", "UNAUTHORIZED", "FORBIDDEN"].map((code) => endsSession(error(code as "FORBIDDEN"))),
  ).toEqual([true, true, true]);
  expect(
    ["UNAVAILABLE", "UNREACHABLE", "INTERNAL"].map((code) => endsSession(error(code as "INTERNAL"))),
  ).toEqual([false, false, false]);
  expect(backoff(1, () => 1)).toBe(500);
  expect(backoff(2, () => 1)).toBe(1000);
  expect(backoff(50, () => 1)).toBe(10_000);
  expect(backoff(1, () => 0)).toBe(375);
  expect(retryMs(error("UNAVAILABLE", 7), 1)).toBe(7000);
  expect(retryMs(error("UNAVAILABLE", 3600), 1)).toBe(30_000);
});
