import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { expect, onTestFinished, test } from "vitest";
import { draining } from "../../src/host/draining.ts";
import { until } from "../helpers/until.ts";

/** Longer than any of these tests takes: a connection that ends only then was cut off. */
const GRACE_MS = 600_000;
const request = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;

/** A server that answers each path in its own way, and raw connections to it. */
async function served(app: (path: string, request: Request) => Response | Promise<Response>) {
  const server = createServer();
  const drain = draining(server);
  const answer = getRequestListener(async (incoming) => {
    const seen = drain.request(incoming);
    return drain.response(await app(new URL(seen.url).pathname, seen));
  });
  server.on("request", (incoming, outgoing) => void answer(incoming, outgoing));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => server.closeAllConnections());
  return {
    close: () => drain.close(GRACE_MS),
    open: async () => {
      const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
      const seen = { heard: "", ended: false, send: (path: string) => socket.write(request(path)) };
      socket.on("data", (chunk) => (seen.heard += chunk.toString()));
      socket.on("error", () => undefined);
      socket.on("close", () => (seen.ended = true));
      await once(socket, "connect");
      return seen;
    },
  };
}

test("draining: a request that crosses the end of an idle connection → answered, as the connection's last", async () => {
  const server = await served((path) => new Response(path));
  const connection = await server.open();
  connection.send("/one");
  await until("the first answer", () => connection.heard.endsWith("/one"));
  expect(connection.heard).toMatch(/connection: keep-alive/i);
  const closed = server.close();
  connection.send("/two");
  await closed;
  await until("the connection to end", () => connection.ended);
  expect(connection.heard).toMatch(/connection: close[^]*\/two$/i);
});

test("draining: a request under way → answered, as the connection's last", async () => {
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  let hasArrived = false;
  const server = await served(async (path) => {
    hasArrived = true;
    return finished.then(() => new Response(path));
  });
  const connection = await server.open();
  connection.send("/slow");
  await until("the request to arrive", () => hasArrived);
  const closed = server.close();
  finish();
  await closed;
  await until("the connection to end", () => connection.ended);
  expect(connection.heard).toMatch(/connection: close[^]*\/slow$/i);
});

test("draining: a connection on which nobody asks → ended", async () => {
  const server = await served((path) => new Response(path));
  const connection = await server.open();
  await server.close();
  await until("the connection to end", () => connection.ended);
  expect(connection.heard).toBe("");
});

test("draining: an event stream → ends whole, and its source is cancelled", async () => {
  let isCancelled = false;
  const server = await served(() => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
      cancel: () => void (isCancelled = true),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  const connection = await server.open();
  connection.send("/events");
  await until("the first event", () => connection.heard.includes("data: 1"));
  await server.close();
  await until("the connection to end", () => connection.ended);
  // The empty chunk is the end; a connection that was cut off has none.
  expect(connection.heard).toMatch(/data: 1\n\n\r\n0\r\n\r\n$/);
  expect(isCancelled).toBe(true);
});

test("draining: a long poll → learns that it has to answer; another request does not", async () => {
  const arrived: string[] = [];
  const ended: string[] = [];
  const server = await served(async (path, { signal }) => {
    arrived.push(path);
    signal.addEventListener("abort", () => ended.push(path));
    if (path !== "/trpc/relay.lease") return new Response(path);
    await once(signal, "abort");
    return new Response("nothing");
  });
  const [poll, other] = [await server.open(), await server.open()];
  other.send("/trpc/relay.finish");
  await until("the other answer", () => other.heard.endsWith("/trpc/relay.finish"));
  poll.send("/trpc/relay.lease");
  await until("the poll to arrive", () => arrived.includes("/trpc/relay.lease"));
  await server.close();
  await until("the connections to end", () => poll.ended && other.ended);
  expect(poll.heard).toMatch(/connection: close[^]*nothing$/i);
  expect(ended).toEqual(["/trpc/relay.lease"]);
});
