import { describe, expect, test } from "vitest";
import { createToken } from "../../src/domain/access/tokens.ts";
import { revokeToken } from "../../src/domain/access/tokenList.ts";
import { testDb } from "../helpers/db.ts";
import { ADMIN, makeWorld } from "../helpers/world.ts";
import { browserAt } from "./browser.ts";
import { ADMIN_TOKEN, ONE_RUNTIME, RUNTIMES, startEdge } from "./edges.ts";

const wrong = `wp_admin_${"x".repeat(43)}`;

describe.each(RUNTIMES)("sessions on %s", (runtime) => {
  test("a browser signs in by a token, reads and changes with the cookie, and signs out", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    const browser = browserAt(edge.url);
    expect((await browser.ask("/session")).status).toBe(401);
    const signedIn = await browser.signIn({ token: ADMIN_TOKEN });
    expect(signedIn.status).toBe(204);
    const cookie = signedIn.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(
      /^warmpool_session=wp_session_[\w-]{43}; Path=\/; Max-Age=(43200|4319\d); HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(cookie).not.toContain(ADMIN_TOKEN);
    expect(await (await browser.ask("/session")).json()).toMatchObject({ name: "bootstrap", role: "admin" });
    expect((await browser.query("pool.get", { name: "demo" })).status).toBe(200);
    expect((await browser.ask("/admin/v1/pools")).status).toBe(200);
    expect((await browser.mutate("pool.pause", { name: "demo" })).status).toBe(200);
    const http = { method: "POST", headers: { origin: edge.url } };
    expect((await browser.ask("/admin/v1/pools/demo/resume", http)).status).toBe(200);
    const left = await browser.ask("/session", { method: "DELETE", headers: { origin: edge.url } });
    expect(left.status).toBe(204);
    expect(left.headers.get("set-cookie")).toMatch(/^warmpool_session=; Path=\/; Max-Age=0;/);
    expect((await browser.query("pool.list")).status).toBe(401);
  });
});

describe.each(ONE_RUNTIME)("what sessions allow on %s", (runtime) => {
  test("a change with the cookie from anywhere but our own pages → 403 that says why; reading is open", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    const browser = browserAt(edge.url);
    await browser.signIn({ token: ADMIN_TOKEN });
    const elsewhere: Record<string, string>[] = [
      {},
      { origin: "null" },
      { origin: "https://evil.example" },
      { origin: edge.url.replace("127.0.0.1", "localhost") },
      { origin: edge.url.replace(/\d+$/, "1") },
      { origin: edge.url, "sec-fetch-site": "same-site" },
      { origin: edge.url, "sec-fetch-site": "cross-site" },
    ];
    for (const headers of elsewhere) {
      const rpc = await browser.mutate("pool.pause", { name: "demo" }, headers);
      expect({ status: rpc.status, said: await rpc.text() }, JSON.stringify(headers)).toEqual({
        status: 403,
        said: expect.stringContaining("only from this Warmpool's own pages"),
      });
      const http = await browser.ask("/admin/v1/pools/demo/pause", { method: "POST", headers });
      expect(http.status).toBe(403);
      expect(http.headers.get("content-type")).toBe("application/problem+json");
      expect((await browser.ask("/session", { method: "DELETE", headers })).status).toBe(403);
    }
    const pool = await (await browser.query("pool.get", { name: "demo" })).json();
    expect(pool).toMatchObject({ result: { data: { paused: false } } });
  });

  test("a page of somebody else cannot sign a browser in", async () => {
    await using t = await testDb();
    await using edge = await startEdge(runtime, t.url);
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      const answer = await browserAt(edge.url).signIn({ token: ADMIN_TOKEN }, headers);
      expect(answer.status).toBe(403);
      expect(answer.headers.get("set-cookie")).toBeNull();
    }
    // A script sends neither.
    expect((await browserAt(edge.url).signIn({ token: ADMIN_TOKEN }, {})).status).toBe(204);
  });

  test("viewers read and change nothing; other tokens do not sign in; revoking the token ends the session", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    const viewer = await createToken(t.db, { role: "viewer", name: "anna" }, ADMIN);
    const browser = browserAt(edge.url);
    expect((await browser.signIn({ token: viewer.token })).status).toBe(204);
    expect(await (await browser.ask("/session")).json()).toMatchObject({ name: "anna", role: "viewer" });
    expect((await browser.query("machine.list", {})).status).toBe(200);
    expect((await browser.mutate("pool.pause", { name: "demo" })).status).toBe(403);
    expect((await browser.mutate("session.link")).status).toBe(403);
    await revokeToken(t.db, viewer.id, ADMIN);
    expect((await browser.query("machine.list", {})).status).toBe(401);
    expect((await browser.ask("/session")).status).toBe(401);
    const app = await createToken(t.db, { role: "app", name: "main" }, ADMIN);
    const refused = await browserAt(edge.url).signIn({ token: app.token });
    expect({ status: refused.status, ...((await refused.json()) as object) }).toMatchObject({
      status: 403,
      code: "FORBIDDEN",
      detail: expect.stringContaining("admin or viewer"),
    });
    for (const token of [viewer.token, wrong, "x"])
      expect((await browserAt(edge.url).signIn({ token })).status, token).toBe(401);
    for (const body of ["", "{}", "[]", "{", `{"token": 7}`, `{"token": "${"x".repeat(300)}"}`]) {
      const headers = { "content-type": "application/json" };
      const answer = await browserAt(edge.url).ask("/session", { method: "POST", headers, body });
      expect(answer.status, body).toBe(400);
    }
  });

  test("a link signs in once, as whoever made it", async () => {
    await using t = await testDb();
    await using edge = await startEdge(runtime, t.url);
    const admin = await createToken(t.db, { role: "admin", name: "ops" }, ADMIN);
    const made = await fetch(`${edge.url}/trpc/session.link`, {
      method: "POST",
      headers: { authorization: `Bearer ${admin.token}`, "content-type": "application/json" },
    });
    const { result } = (await made.json()) as { result: { data: { url: string } } };
    const link = new URL(result.data.url);
    expect(link.origin).toBe(edge.url);
    const code = link.searchParams.get("code") ?? "";
    expect(code).not.toContain(admin.token);
    const browser = browserAt(edge.url);
    // It is no bearer token, and no cookie.
    const bearer = { headers: { authorization: `Bearer ${code}` } };
    expect((await browser.ask("/trpc/pool.list", bearer)).status).toBe(401);
    const asCookie = { headers: { cookie: `warmpool_session=${code}` } };
    expect((await browser.ask("/trpc/pool.list", asCookie)).status).toBe(401);
    expect((await browser.signIn({ code })).status).toBe(204);
    expect(await (await browser.ask("/session")).json()).toMatchObject({ name: "ops", role: "admin" });
    expect((await browserAt(edge.url).signIn({ code })).status).toBe(401);
  });

  test("the secrets of tokens and sessions do not open each other's doors", async () => {
    await using t = await testDb();
    await using edge = await startEdge(runtime, t.url);
    const browser = browserAt(edge.url);
    await browser.signIn({ token: ADMIN_TOKEN });
    const session = browser.cookie()?.split("=")[1] ?? "";
    const asBearer = { headers: { authorization: `Bearer ${session}`, cookie: "" } };
    expect((await browser.ask("/trpc/pool.list", asBearer)).status).toBe(401);
    const asCookie = { headers: { cookie: `warmpool_session=${ADMIN_TOKEN}` } };
    expect((await browser.ask("/trpc/pool.list", asCookie)).status).toBe(401);
    // A wrong bearer is refused, whatever the cookie says.
    const both = { headers: { authorization: `Bearer ${wrong}` } };
    expect((await browser.ask("/trpc/pool.list", both)).status).toBe(401);
  });

  test("wrong tokens and codes are counted by address like any others", async () => {
    await using t = await testDb();
    await using edge = await startEdge(runtime, t.url, { limits: { wrongTokensPerMinute: 3 } });
    const statuses: number[] = [];
    for (let n = 0; n < 4; n += 1)
      statuses.push((await browserAt(edge.url).signIn({ code: `wp_code_${"x".repeat(43)}` })).status);
    expect(statuses).toEqual([401, 401, 401, 429]);
    // Whoever has a valid token is let in all the same.
    expect((await browserAt(edge.url).signIn({ token: ADMIN_TOKEN })).status).toBe(204);
  });
});
