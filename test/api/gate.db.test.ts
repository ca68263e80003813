import { expect, test } from "vitest";
import { createApp } from "../../src/api/app.ts";
import { ADMIN_REQUESTS_PER_MINUTE, type Edge } from "../../src/api/edge.ts";
import type { Limits } from "../../src/api/limits.ts";
import { connect } from "../../src/db/client.ts";
import { NO_SECRET_KEYS } from "../../src/domain/secrets/keys.ts";
import { issueToken } from "../../src/domain/access/tokens.ts";
import { testDb } from "../helpers/db.ts";

/** An app in this process, and how many statements it has sent. */
async function gated(limits: Partial<Limits> = {}) {
  const t = await testDb();
  const seen: string[] = [];
  const connection = connect(t.url, { onStatement: (text) => seen.push(text) });
  const edge: Edge = {
    connection,
    adminToken: undefined,
    secretKeys: NO_SECRET_KEYS,
    adminRequestsPerMinute: ADMIN_REQUESTS_PER_MINUTE,
    webhook: null,
    limits,
    after: () => undefined,
  };
  const app = createApp();
  const issue = async (role: "app" | "admin") => (await issueToken(t.db, { role, name: "one" })).token;
  return {
    issue,
    seen,
    ask: (
      path: string,
      token: string | null,
      { address = "192.0.2.1", type = "application/json", ...init }: Asking = {},
    ) =>
      app.fetch(
        new Request(`http://127.0.0.1${path}`, {
          ...init,
          headers: {
            "content-type": type,
            ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          },
        }),
        { ...edge, address },
      ),
    [Symbol.asyncDispose]: async () => {
      await connection.close();
      await t.close();
    },
  };
}

type Asking = RequestInit & { address?: string; type?: string };

const wrong = (n = 0) => `wp_app_${String(n).padStart(43, "x")}`;
const TESTERS = `/trpc/tester.list?input=${encodeURIComponent("{}")}`;
const batch = (size: number) => `/trpc/${Array(size).fill("pool.list").join(",")}?batch=1`;

test.each([
  ["no token", null, 0],
  ["a token of no form of ours", "wp_admin_wrong", 0],
  ["a token of another form that is as long", "wp_admin_" + "ü".repeat(43), 0],
  ["a wrong token", wrong(), 1],
])(
  "500 procedures in a batch with %s → one answer and no more than one statement",
  async (_, token, most) => {
    await using edge = await gated();
    for (const size of [1, 2, 500]) {
      edge.seen.length = 0;
      const answer = await edge.ask(batch(size), token === null ? null : encodeURI(token));
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({ error: { data: { code: "UNAUTHORIZED" } } });
      expect(edge.seen).toHaveLength(most);
    }
  },
);

test("a batch with a valid token → the token is looked up once; a batch that is too large does nothing", async () => {
  await using edge = await gated();
  const token = await edge.issue("admin");
  const one = await edge.ask(batch(2), token);
  expect(one.status).toBe(200);
  expect(edge.seen.filter((text) => text.includes("from tokens"))).toHaveLength(1);
  for (const path of [batch(51), batch(51).replaceAll(",", "%2c")]) {
    edge.seen.length = 0;
    const many = await edge.ask(path, token);
    expect(many.status).toBe(400);
    expect(await many.json()).toMatchObject({
      error: { message: expect.stringMatching(/51 procedures, but at most 50 are allowed/) },
    });
    expect(edge.seen).toHaveLength(1);
  }
});

test.each(["/trpc/token.create", "/admin/v1/tokens", "/admin/v1/recipes/x", "/nothing", "/metrics"])(
  "a body without a valid token at %s → is not read",
  async (path) => {
    await using edge = await gated();
    for (const token of [null, "wp_admin_wrong", wrong()]) {
      let pulled = 0;
      const endless = new ReadableStream<Uint8Array>(
        {
          pull: (out) => {
            pulled += 1;
            out.enqueue(new Uint8Array(65_536));
          },
        },
        { highWaterMark: 0 },
      );
      const init = { method: "POST", body: endless, duplex: "half" } as RequestInit;
      const answer = await edge.ask(path, token, init);
      expect(answer.status).toBe(path === "/nothing" ? 404 : 401);
      expect(pulled).toBe(0);
    }
  },
);

test("wrong tokens: after so many of one address → 429, Retry-After and one statement a second at most", async () => {
  await using edge = await gated({ wrongTokensPerMinute: 20 });
  const good = await edge.issue("app");
  const answers = [];
  for (let n = 0; n < 200; n += 1) answers.push(await edge.ask(TESTERS, wrong(n)));
  const refused = answers.filter(({ status }) => status === 429);
  expect(answers.slice(0, 20).every(({ status }) => status === 401)).toBe(true);
  expect(refused.length).toBeGreaterThan(150);
  expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
  const lookups = edge.seen.filter((text) => !text.includes("limit 10000"));
  expect(lookups.length).toBeLessThan(50);

  // A token that this instance has never seen is served all the same, from that address and from others.
  expect((await edge.ask(TESTERS, good)).status).toBe(200);
  expect((await edge.ask(TESTERS, wrong(1), { address: "192.0.2.2" })).status).toBe(401);
});

test("many at once with a token that this instance has not seen: more than wrong ones may be → all are served", async () => {
  await using edge = await gated({ wrongTokensPerMinute: 20 });
  const good = await edge.issue("app");
  const asked = Array.from({ length: 200 }, (_, n) =>
    Promise.resolve(edge.ask(TESTERS, n % 2 === 0 ? good : wrong(n))),
  );
  const answers = await Promise.all(asked);
  const served = answers.filter(({ status }) => status === 200);
  expect(served).toHaveLength(100);
  const lists = edge.seen.filter((text) => text.includes("limit 10000"));
  expect(lists.length).toBeLessThan(5);
});

test("a token beyond its bound → 429; each procedure of a batch counts, and other tokens are served", async () => {
  await using edge = await gated({ requestsPerMinute: 30 });
  const [busy, calm] = [await edge.issue("admin"), await edge.issue("admin")];
  expect((await edge.ask(batch(20), busy)).status).toBe(200);
  const refused = await edge.ask(batch(20), busy);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ error: { data: { code: "RATE_LIMITED" } } });
  expect((await edge.ask(batch(20), calm)).status).toBe(200);
});

test("what was refused is counted by reason", async () => {
  await using edge = await gated({ wrongTokensPerMinute: 3, requestsPerMinute: 2 });
  const [admin, busy] = [await edge.issue("admin"), await edge.issue("app")];
  await edge.ask(TESTERS, null);
  for (let n = 0; n < 5; n += 1) await edge.ask(TESTERS, wrong(n));
  for (let n = 0; n < 3; n += 1) await edge.ask(TESTERS, busy);
  const text = await (await edge.ask("/metrics", admin)).text();
  expect(text).toContain('warmpool_refused_requests_total{reason="no_token"} 1');
  expect(text).toContain('warmpool_refused_requests_total{reason="wrong_token"} 5');
  expect(text).toContain('warmpool_refused_requests_total{reason="rate_limited"} 1');
  expect(text).toContain('warmpool_refused_requests_total{reason="too_many_streams"} 0');
});

test("a multipart body, or any that is not JSON, gets its answer", async () => {
  await using edge = await gated();
  const token = await edge.issue("admin");
  for (const type of ["multipart/form-data; boundary=x", "application/octet-stream", "text/plain"]) {
    const answer = await edge.ask("/trpc/token.create", token, { method: "POST", body: "--x", type });
    expect(answer.status).toBe(415);
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringMatching(/send JSON/) } });
  }
});
