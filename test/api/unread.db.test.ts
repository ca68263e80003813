import { expect, test } from "vitest";
import { createApp } from "../../src/api/app.ts";
import { ADMIN_REQUESTS_PER_MINUTE } from "../../src/api/edge.ts";
import { ADMIN_TOKEN } from "./edges.ts";
import { NO_SECRET_KEYS } from "../../src/domain/secrets/keys.ts";
import { testDb } from "../helpers/db.ts";

/** Asks an app in this process as the bootstrap admin. */
async function ask(request: Request) {
  await using t = await testDb();
  return createApp().fetch(request, {
    connection: t.connection,
    adminToken: ADMIN_TOKEN,
    secretKeys: NO_SECRET_KEYS,
    adminRequestsPerMinute: ADMIN_REQUESTS_PER_MINUTE,
    after: () => undefined,
  });
}

/** A body left unread makes the server give up the connection: its sender meets that in place of the answer. */
async function post(path: string, length: number) {
  const body = JSON.stringify({ name: "x".repeat(length) });
  const request = new Request(`http://127.0.0.1${path}`, {
    method: "POST",
    headers: { "content-length": String(body.length), authorization: `Bearer ${ADMIN_TOKEN}` },
    body,
  });
  return { response: await ask(request), request };
}

test.each(["/admin/v1/tokens", "/admin/v1/nothing", "/trpc/token.create", "/metrics"])(
  "a body of a known caller that POST %s does not want is read to its end all the same",
  async (path) => {
    const { response, request } = await post(path, 100_000);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(request.bodyUsed).toBe(true);
  },
);

test("a body that is too large is thrown away to its end, so that its sender reads why", async () => {
  const { response, request } = await post("/admin/v1/tokens", 3_000_000);
  expect(response.status).toBe(413);
  expect(response.headers.get("connection")).toBeNull();
  expect(request.bodyUsed).toBe(true);
});

test("of one that has no end in sight the rest is left, and the connection with it", async () => {
  const { response } = await post("/admin/v1/tokens", 40_000_000);
  expect(response.status).toBe(413);
  expect(response.headers.get("connection")).toBe("close");
});

test.each([
  ["of a stated length", { "content-length": "100" }],
  ["in chunks", { "transfer-encoding": "chunked" }],
])("a body %s that breaks off → the caller's fault, and not the database's", async (_, framing) => {
  for (const path of ["/admin/v1/tokens", "/trpc/token.create"]) {
    // The words that workerd has for it, which are those of a lost database too.
    const pull = (body: ReadableStreamDefaultController) => body.error(new Error("Network connection lost."));
    const request = new Request(`http://127.0.0.1${path}`, {
      method: "POST",
      headers: { ...framing, "content-type": "application/json", authorization: `Bearer ${ADMIN_TOKEN}` },
      body: new ReadableStream({ pull }),
      duplex: "half",
    } as RequestInit);
    const response = await ask(request);
    expect(response.status, path).toBe(400);
    expect(await response.text()).toContain('"code":"BAD_REQUEST"');
  }
});
