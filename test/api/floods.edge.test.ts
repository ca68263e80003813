import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { assign } from "../helpers/leftToSweep.ts";
import { issueToken } from "../../src/domain/access/tokens.ts";
import { testDb, type TestDb } from "../helpers/db.ts";
import { deadline } from "../helpers/patience.ts";
import { until } from "../helpers/until.ts";
import { SILENT_MS } from "../../src/api/streams.ts";
import { APP, KEY_A, makeWorld } from "../helpers/world.ts";
import { ADMIN_TOKEN, startEdge, type TestEdge } from "./edges.ts";
import { ODDITIES, post } from "./oddities.ts";

/** The floods of floods.db.test.ts that may come out differently in a Worker, on one edge that is flooded by all of them. */

const WRONG_TOKENS = 20;
const sockets = new Set<Socket>();
let t: TestDb;
let edge: TestEdge;
let token: string;

beforeAll(async () => {
  t = await testDb();
  await makeWorld(t.db);
  await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  token = (await issueToken(t.db, { role: "app", name: "main" })).token;
  edge = await startEdge("workerd", t.url, {
    limits: { wrongTokensPerMinute: WRONG_TOKENS, streamsPerToken: 2 },
  });
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await edge[Symbol.asyncDispose]();
  await t.close();
});

/** Sends the text on a connection of its own; `heard` is what has come back, `ended` whether the server closed it. */
async function send(text: string, { thenHangUp = false } = {}): Promise<{ heard: string; ended: boolean }> {
  const port = Number(new URL(edge.url).port);
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: thenHangUp });
  sockets.add(socket);
  const seen = { heard: "", ended: false };
  socket.on("data", (chunk: Buffer) => (seen.heard += chunk.toString("latin1")));
  socket.on("error", () => undefined);
  socket.on("close", () => (seen.ended = true));
  await once(socket, "connect");
  socket.write(text, "latin1");
  if (thenHangUp) socket.end();
  return seen;
}

const ask = (path: string, bearer = token, signal = deadline(20)) =>
  fetch(`${edge.url}${path}`, { headers: { authorization: `Bearer ${bearer}` }, signal });
const TESTERS = `/trpc/tester.list?input=${encodeURIComponent("{}")}`;
const WATCH = `/trpc/tester.watch?input=${encodeURIComponent('{"username":"alice"}')}`;

test("event streams of one token beyond its bound → 429 and Retry-After, until others are closed", async () => {
  const closing = new AbortController();
  const open = [await ask(WATCH, token, closing.signal), await ask(WATCH, token, closing.signal)];
  expect(open.map(({ status }) => status)).toEqual([200, 200]);
  const refused = await ask(WATCH);
  expect([refused.status, refused.headers.has("retry-after")]).toEqual([429, true]);
  expect((await ask(TESTERS)).status).toBe(200);
  closing.abort();
  // At once, as a rule: by the abort. On a busy host workerd may not tell of it, and the place is free after SILENT_MS.
  const look = async () => {
    const again = await ask(WATCH);
    await again.body?.cancel();
    return again.status === 200;
  };
  await until("a place to be free", look, { seconds: (2 * SILENT_MS) / 1000 });
});

test("unfinished bodies without a token → each is answered, and a caller is served meanwhile", async () => {
  const open = await Promise.all(
    Array.from({ length: 50 }, () => send(`${post("/trpc/tester.assign", "")}{`)),
  );
  expect((await ask(TESTERS)).status).toBe(200);
  await until("every one to be answered", () =>
    open.every(({ heard }) => /^HTTP\/1\.1 (401|429) /.test(heard)),
  );
});

test("requests as no library sends them → each has an end or is one that waits for more, and none fails inside", async () => {
  const all = await Promise.all(ODDITIES.map(async ([name, text]) => ({ name, seen: await send(text) })));
  const open = () => all.filter(({ seen }) => !seen.ended && !/^HTTP\/1\.1 \d\d\d /.test(seen.heard));
  await until("an answer or an end to each", () => open().length === 0);
  // What the runtime itself cannot make a request of (CONNECT, `*`) never comes to us: ours would have a number.
  for (const { name, seen } of all)
    expect(seen.heard, name).not.toMatch(/^HTTP\/1\.1 50[03] [^]*(requestId|database)/);
  expect((await ask(TESTERS)).status).toBe(200);
});

test("a known caller's body that is framed wrongly, or breaks off → 400 that says so", async () => {
  const chunked = (path: string) => post(path, ADMIN_TOKEN, "transfer-encoding: chunked");
  for (const path of ["/trpc/token.create", "/admin/v1/tokens"]) {
    for (const body of ["zz\r\n", "1\r\n{\r\nzz\r\n", "5\r\n{"]) {
      const seen = await send(`${chunked(path)}${body}`, { thenHangUp: true });
      await until("an answer", () => seen.heard.includes("}"));
      expect(seen.heard).toMatch(/^HTTP\/1\.1 400 [^]*the body ended early or is not valid HTTP/);
    }
  }
});

test("wrong tokens: after so many of one address → 429 and Retry-After, counted, and valid ones are served", async () => {
  const wrong = Array.from({ length: 2 * WRONG_TOKENS }, (_, n) => `wp_app_${String(n).padStart(43, "A")}`);
  const answers = await Promise.all(wrong.map((bearer) => ask(TESTERS, bearer)));
  const late = answers.filter(({ status }) => status === 429);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]));
  expect(late.length).toBeGreaterThanOrEqual(WRONG_TOKENS - 1);
  expect(late.every(({ headers }) => headers.has("retry-after"))).toBe(true);
  expect((await ask(TESTERS)).status).toBe(200);
  await until("it to be counted", async () => {
    const metrics = await (await ask("/metrics", ADMIN_TOKEN)).text();
    return /refused_requests_total\{reason="wrong_token"\} [1-9]/.test(metrics);
  });
});

test("a bootstrap token that can be guessed is not used, and /healthz says so", async () => {
  const short = "wp_admin_123";
  await using weak = await startEdge("workerd", t.url, { adminToken: short });
  const health = await fetch(`${weak.url}/healthz`, { signal: deadline(20) });
  expect(health.status).toBe(503);
  expect(await health.json()).toMatchObject({
    problems: [expect.stringContaining("WARMPOOL_ADMIN_TOKEN must be 20 to 200") as string],
  });
  const answer = await fetch(`${weak.url}${TESTERS}`, { headers: { authorization: `Bearer ${short}` } });
  expect(answer.status).toBe(401);
});
