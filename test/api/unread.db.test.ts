import { expect, test } from "vitest";
import { createApp } from "../../src/api/app.ts";
import { ADMIN_REQUESTS_PER_MINUTE } from "../../src/api/edge.ts";
import { ADMIN_TOKEN } from "./edges.ts";
import { NO_SECRET_KEYS } from "../../src/pool/secrets.ts";
import { testDb } from "../helpers/db.ts";

/** A body left unread makes the server give up the connection: its sender meets that in place of the answer. */
async function post(path: string, length: number) {
  await using t = await testDb();
  const body = JSON.stringify({ name: "x".repeat(length) });
  const request = new Request(`http://127.0.0.1${path}`, {
    method: "POST",
    headers: { "content-length": String(body.length), authorization: `Bearer ${ADMIN_TOKEN}` },
    body,
  });
  const response = await createApp().fetch(request, {
    connection: t.connection,
    adminToken: ADMIN_TOKEN,
    secretKeys: NO_SECRET_KEYS,
    adminRequestsPerMinute: ADMIN_REQUESTS_PER_MINUTE,
    after: () => undefined,
  });
  return { response, request };
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
