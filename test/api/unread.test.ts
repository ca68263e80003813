import { expect, test } from "vitest";
import { createApp } from "../../src/api/app.ts";
import { ADMIN_REQUESTS_PER_MINUTE } from "../../src/api/edge.ts";
import { testDb } from "../helpers/db.ts";

/** A body left unread makes the server give up the connection, which the caller meets at its next request. */
test.each(["/admin/v1/tokens", "/admin/v1/nothing", "/trpc/token.create", "/healthz", "/nothing"])(
  "a body that POST %s does not want is read to its end all the same",
  async (path) => {
    await using t = await testDb();
    const body = JSON.stringify({ name: "x".repeat(100_000) });
    const request = new Request(`http://127.0.0.1${path}`, {
      method: "POST",
      headers: { "content-length": String(body.length), authorization: "Bearer wp_admin_wrong" },
      body,
    });
    const response = await createApp().fetch(request, {
      connection: t.connection,
      adminToken: undefined,
      adminRequestsPerMinute: ADMIN_REQUESTS_PER_MINUTE,
      after: () => undefined,
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(request.bodyUsed).toBe(true);
  },
);
