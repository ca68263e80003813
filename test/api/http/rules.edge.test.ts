import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { rows } from "../../../src/db/client.ts";
import { testDb } from "../../helpers/db.ts";
import { KEY_A, makeWorld, specOf } from "../../helpers/world.ts";
import { ADMIN_TOKEN, ONE_RUNTIME, startEdge } from "../edges.ts";
import { type Answer, call } from "./call.ts";

/** What an answer says when it is an error, and that it says it as RFC 9457 has it. */
function problemOf({ status, headers, body }: Answer) {
  expect(headers.get("content-type")).toBe("application/problem+json");
  const { code, detail, ...rest } = body as { code: string; detail: string };
  expect(rest).toMatchObject({ type: expect.stringMatching(/^urn:warmpool:problem:/), status });
  return { status, code, detail };
}

describe.each(ONE_RUNTIME)("the admin HTTP on %s", (runtime) => {
  test("every kind of refusal is a problem with its status, code and reason", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    const refused = async (
      method: string,
      path: string,
      options: Parameters<typeof call>[3],
      status: number,
      code: string,
      says: RegExp,
    ) => {
      const answer = await call(edge.url, method, path, options);
      const problem = problemOf(answer);
      expect(problem, `${method} ${path}`).toMatchObject({ status, code });
      expect(problem.detail, `${method} ${path}`).toMatch(says);
      return answer.headers;
    };
    const open = await refused("GET", "/pools", { token: null }, 401, "UNAUTHORIZED", /send a token/);
    expect(open.get("www-authenticate")).toBe("Bearer");
    await refused(
      "GET",
      "/pools",
      { token: "wp_admin_wrong" },
      401,
      "UNAUTHORIZED",
      /unknown, expired or revoked/,
    );
    await refused("GET", "/nothing", {}, 404, "NOT_FOUND", /no such address/);
    await refused("GET", "/pools/nope", {}, 404, "NOT_FOUND", /no pool named nope/);
    const patch = await refused(
      "PATCH",
      "/pools/demo",
      { body: {} },
      405,
      "BAD_REQUEST",
      /accepts GET, HEAD/,
    );
    expect(patch.get("allow")).toBe("GET, HEAD, PUT, DELETE");
    await refused("GET", "/machines?colour=red", {}, 400, "BAD_REQUEST", /colour/);
    await refused("GET", "/pools?colour=red", {}, 400, "BAD_REQUEST", /colour/);
    await refused("GET", "/machines?limit=5&limit=6", {}, 400, "BAD_REQUEST", /limit: .*more than once/);
    await refused("GET", "/machines?limit=many", {}, 400, "BAD_REQUEST", /limit/);
    await refused("GET", "/machines?limit=501", {}, 400, "BAD_REQUEST", /limit/);
    await refused("GET", "/machines?cursor=x", {}, 400, "BAD_REQUEST", /cursor/);
    await refused(
      "POST",
      "/pools/demo/pause?name=demo",
      {},
      400,
      "BAD_REQUEST",
      /name: unknown query parameter/,
    );
    await refused("POST", "/tokens", { body: "{" }, 400, "BAD_REQUEST", /not JSON/);
    await refused("POST", "/tokens", { body: "[]" }, 400, "BAD_REQUEST", /JSON object/);
    await refused(
      "POST",
      "/tokens",
      { body: { name: "x", role: "app", more: 1 } },
      400,
      "BAD_REQUEST",
      /more/,
    );
    await refused(
      "POST",
      "/tokens",
      { body: "name=x", headers: { "content-type": "application/x-www-form-urlencoded" } },
      415,
      "BAD_REQUEST",
      /content-type: application\/json/,
    );
    await refused(
      "PUT",
      "/pools/demo",
      { body: specOf({ name: "other" }) },
      400,
      "BAD_REQUEST",
      /name: differs from the one in the address/,
    );
    await refused(
      "PUT",
      "/recipes/big",
      { body: { steps: "x".repeat(3_000_000) } },
      413,
      "BAD_REQUEST",
      /larger/,
    );
    const inTheBody = /release: this address accepts no body; send it in the query/;
    await refused("DELETE", "/pools/demo", { body: { release: true } }, 400, "BAD_REQUEST", inTheBody);
    await refused("DELETE", "/tokens/1", {}, 400, "BAD_REQUEST", /id: must be the id of a token/);
  });

  test("what is put is what is got, with or without the name in the body", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    const { name: _, ...spec } = specOf({ maxSize: 3 });
    const put = await call(edge.url, "PUT", "/pools/second", { body: spec });
    expect(put).toMatchObject({ status: 200, body: { name: "second", spec: { maxSize: 3, sudo: false } } });
    expect(put.headers.get("cache-control")).toBe("no-store");
    const got = (await call(edge.url, "GET", "/pools/second")).body as { spec: unknown };
    expect((await call(edge.url, "PUT", "/pools/second", { body: got.spec })).status).toBe(200);
    const head = await fetch(`${edge.url}/admin/v1/pools`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([401, ""]);
  });

  test("a POST under a key is done once, and its secret is shown once", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    const headers = { "idempotency-key": "a-1" };
    const body = { name: "main app", role: "app" };
    const first = await call(edge.url, "POST", "/tokens", { body, headers });
    expect(first).toMatchObject({ status: 200, body: { token: expect.stringMatching(/^wp_app_/) } });
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    const again = await call(edge.url, "POST", "/tokens", { body, headers: { "idempotency-key": '"a-1"' } });
    expect(again).toMatchObject({ status: 200, body: { ...(first.body as object), token: null } });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const stored = await rows<{ text: string }>(
      t.db,
      sql`select to_jsonb(k)::text as text from idempotency_keys k`,
    );
    expect(stored.map((row) => row.text).join("")).not.toContain((first.body as { token: string }).token);

    const other = await call(edge.url, "POST", "/tokens", { body: { ...body, name: "else" }, headers });
    expect(problemOf(other)).toMatchObject({
      status: 409,
      code: "CONFLICT",
      detail: expect.stringMatching(/different request/),
    });
    const elsewhere = await call(edge.url, "POST", "/sweep", { headers });
    expect(problemOf(elsewhere)).toMatchObject({ status: 409, code: "CONFLICT" });
    const foreign = await call(edge.url, "POST", "/tokens", {
      body,
      headers,
      token: await adminToken(edge.url),
    });
    expect(foreign).toMatchObject({ status: 200, body: { token: expect.any(String) } });
    for (const bad of ["", '""', '"a', "x".repeat(256), "ü"]) {
      const answer = await call(edge.url, "POST", "/tokens", { body, headers: { "idempotency-key": bad } });
      expect(problemOf(answer), bad).toMatchObject({
        status: 400,
        detail: expect.stringMatching(/Idempotency-Key/),
      });
    }
  });

  test("twenty at once under one key make one token, and the rest get its answer or are told to ask again", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        call(edge.url, "POST", "/tokens", {
          body: { name: "once", role: "app" },
          headers: { "idempotency-key": "crowd" },
        }),
      ),
    );
    const fresh = answers.filter((a) => a.status === 200 && a.headers.get("idempotency-replayed") === null);
    expect(fresh).toHaveLength(1);
    for (const busy of answers.filter((a) => a.status !== 200)) {
      expect(problemOf(busy)).toMatchObject({ status: 409, code: "CONFLICT" });
      expect(busy.headers.get("retry-after")).toBe("1");
    }
    const [made] = await rows<{ count: number }>(
      t.db,
      sql`select count(*)::int as count from tokens where name = 'once'`,
    );
    expect(made?.count).toBe(1);
  });

  test("an error is kept under its key too, but not one that says to try again", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    const assign = (key: string) =>
      call(edge.url, "POST", "/assignments", {
        body: { username: "alice", sshKeys: [KEY_A], wait: false },
        headers: { "idempotency-key": key },
      });
    expect(problemOf(await assign("k1"))).toMatchObject({ status: 409, code: "NO_CAPACITY" });
    const again = await assign("k1");
    expect(problemOf(again)).toMatchObject({ status: 409, code: "NO_CAPACITY" });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    await t.db.execute(sql`alter table events add constraint broken check (kind <> 'token')`);
    const create = () =>
      call(edge.url, "POST", "/tokens", {
        body: { name: "later", role: "app" },
        headers: { "idempotency-key": "k2" },
      });
    const failed = await create();
    expect(problemOf(failed)).toMatchObject({ status: 500, code: "INTERNAL" });
    expect(failed.body).toMatchObject({ requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    await t.db.execute(sql`alter table events drop constraint broken`);
    expect((await create()).status).toBe(200);
  });

  test("a token that calls too often is told when to go on; others are not held up", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url, { adminRequestsPerMinute: 3 });
    const token = await adminToken(edge.url);
    for (let n = 0; n < 2; n += 1) expect((await call(edge.url, "GET", "/pools")).status).toBe(200);
    const limited = await call(edge.url, "GET", "/pools");
    expect(problemOf(limited)).toMatchObject({ status: 429, code: "RATE_LIMITED" });
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await call(edge.url, "GET", "/pools", { token })).status).toBe(200);
    const rpc = await fetch(`${edge.url}/trpc/pool.list`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    expect(rpc.status).toBe(200);
  });

  test("whoever died with a key holds it for a minute; after a day it is forgotten", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    const create = () =>
      call(edge.url, "POST", "/tokens", {
        body: { name: "x", role: "app" },
        headers: { "idempotency-key": "dead" },
      });
    expect((await create()).status).toBe(200);
    await t.db.execute(sql`update idempotency_keys set status = null, body = null`);
    expect(problemOf(await create())).toMatchObject({
      status: 409,
      detail: expect.stringMatching(/is still running/),
    });
    await t.db.execute(sql`update idempotency_keys set taken_at = now() - interval '61 seconds'`);
    expect((await create()).headers.get("idempotency-replayed")).toBeNull();
    expect((await create()).headers.get("idempotency-replayed")).toBe("true");
    await t.db.execute(sql`update idempotency_keys set taken_at = now() - interval '25 hours'`);
    await edge.cron();
    expect(await rows(t.db, sql`select key from idempotency_keys`)).toEqual([]);
  });
});

async function adminToken(url: string): Promise<string> {
  const { body } = await call(url, "POST", "/tokens", { body: { name: "second admin", role: "admin" } });
  return (body as { token: string }).token;
}
