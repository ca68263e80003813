import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, expect, test } from "vitest";
import type { Limits } from "../../src/api/limits.ts";
import { assign } from "../helpers/leftToSweep.ts";
import { issueToken } from "../../src/domain/access/tokens.ts";
import { testDb } from "../helpers/db.ts";
import { deadline } from "../helpers/patience.ts";
import { until } from "../helpers/until.ts";
import { APP, KEY_A, makeWorld } from "../helpers/world.ts";
import { ADMIN_TOKEN, startEdge } from "./edges.ts";
import { ODDITIES, post } from "./oddities.ts";

/** Floods by raw sockets on Node's own server. On Cloudflare connections and unfinished bodies are the platform's. */
const sockets = new Set<Socket>();
afterAll(() => sockets.forEach((socket) => socket.destroy()));

async function flooded(limits: Partial<Limits> = {}) {
  const t = await testDb();
  await makeWorld(t.db);
  const edge = await startEdge("node", t.url, { limits });
  const { port } = new URL(edge.url);
  const { token } = await issueToken(t.db, { role: "app", name: "main" });
  return {
    ...t,
    token,
    ask: (path: string, bearer = token) =>
      fetch(`${edge.url}${path}`, {
        headers: { authorization: `Bearer ${bearer}`, connection: "close" },
        signal: deadline(20),
      }),
    /** Sends the text; `heard` is what has come back, `ended` whether the server closed the connection. */
    send: async (text: string) => {
      const socket = connect(Number(port), "127.0.0.1");
      sockets.add(socket);
      const seen = { heard: "", ended: false, socket };
      socket.on("data", (chunk: Buffer) => (seen.heard += chunk.toString("latin1")));
      socket.on("error", () => undefined);
      socket.on("close", () => (seen.ended = true));
      await once(socket, "connect");
      socket.write(text, "latin1");
      return seen;
    },
    [Symbol.asyncDispose]: async () => {
      await edge[Symbol.asyncDispose]();
      await t.close();
    },
  };
}

const TESTERS = `/trpc/tester.list?input=${encodeURIComponent("{}")}`;
const WATCH = `/trpc/tester.watch?input=${encodeURIComponent('{"username":"alice"}')}`;

test("unfinished bodies without a token → each is answered and closed, and a caller is served meanwhile", async () => {
  await using edge = await flooded();
  const paths = ["/trpc/tester.assign", "/admin/v1/tokens", "/nothing", "/healthz", "/metrics"];
  const open = await Promise.all(
    Array.from({ length: 100 }, (_, n) => {
      const framing = n % 2 === 0 ? "content-length: 1000000" : "transfer-encoding: chunked";
      const begun =
        n % 2 === 0 ? "{".repeat(10_000) : `${(10_000).toString(16)}\r\n${"{".repeat(10_000)}\r\n`;
      return edge.send(post(paths[n % paths.length] ?? "/", "", framing) + begun);
    }),
  );
  expect((await edge.ask(TESTERS)).status).toBe(200);
  await until("every connection to be closed", () => open.every(({ ended }) => ended));
  for (const { heard } of open) expect(heard).toMatch(/^HTTP\/1\.1 4(01|04|29) /);
});

test("an unfinished body or head of a known caller → has a deadline", async () => {
  await using edge = await flooded({ requestSeconds: 1 });
  const open = await Promise.all([
    edge.send(`${post("/trpc/tester.assign", edge.token)}{`),
    edge.send(`${post("/admin/v1/tokens", ADMIN_TOKEN)}{`),
    edge.send("GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: "),
  ]);
  await until("every connection to be closed", () => open.every(({ ended }) => ended));
  expect((await edge.ask(TESTERS)).status).toBe(200);
});

test("more connections of one address than its bound → 429, until others are closed", async () => {
  await using edge = await flooded({ connectionsPerAddress: 5 });
  const open = await Promise.all(Array.from({ length: 5 }, () => edge.send("")));
  const refused = await edge.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
  await until("the connection to be closed", () => refused.ended);
  expect(refused.heard).toMatch(/^HTTP\/1\.1 429 .*\r\nretry-after: \d/is);
  for (const { socket } of open) socket.destroy();
  await until("a place to be free", async () =>
    edge.ask(TESTERS).then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
  const metrics = await (await edge.ask("/metrics", ADMIN_TOKEN)).text();
  expect(metrics).toMatch(/refused_requests_total\{reason="too_many_connections"\} [1-9]/);
});

test("event streams of one token beyond its bound → 429 and Retry-After, until others are closed", async () => {
  await using edge = await flooded({ streamsPerToken: 2 });
  await assign(edge.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  const other = (await issueToken(edge.db, { role: "app", name: "other" })).token;
  const watch = async (token: string) => {
    const seen = await edge.send(
      `GET ${WATCH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`,
    );
    await until("an answer", () => seen.heard.includes("\r\n\r\n"));
    return seen;
  };
  const open = [await watch(edge.token), await watch(edge.token)];
  await until("the streams to have begun", () => open.every(({ heard }) => heard.includes("data: ")));
  const refused = await watch(edge.token);
  expect(refused.heard).toMatch(/^HTTP\/1\.1 429 .*\r\nretry-after: \d/is);
  expect((await watch(other)).heard).toMatch(/^HTTP\/1\.1 200 /);
  expect((await edge.ask(TESTERS)).status).toBe(200);
  open[0]?.socket.destroy();
  await until("a place to be free", async () => (await watch(edge.token)).heard.startsWith("HTTP/1.1 200 "));
});

test.each(ODDITIES)("a request with %s → has an end, and other callers are served", async (_, text) => {
  await using edge = await flooded({ requestSeconds: 1 });
  const seen = await edge.send(text);
  await until("an answer, or the end", () => seen.ended || /^HTTP\/1\.1 [45]\d\d /.test(seen.heard));
  expect(seen.heard, "no failure of ours").not.toMatch(/^HTTP\/1\.1 5/);
  expect((await edge.ask(TESTERS)).status).toBe(200);
});
