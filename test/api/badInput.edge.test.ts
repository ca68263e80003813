import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { createToken, issueToken } from "../../src/domain/access/tokens.ts";
import { testDb } from "../helpers/db.ts";
import { ADMIN, KEY_A, makeWorld, NODE, specOf } from "../helpers/world.ts";
import { until } from "../helpers/until.ts";
import { call } from "./call.ts";
import { everything } from "./everything.ts";
import { ADMIN_TOKEN, RUNTIMES, startEdge } from "./edges.ts";
import { isNight } from "../helpers/nightly.ts";

const good = { username: "alice", sshKeys: [KEY_A] };
const cut = KEY_A.split(" ").slice(0, 2).join(" ").slice(0, -8);

/** What is sent, and what the answer has to say. */
const TABLE: [what: string, procedure: string, input: unknown, status: number, code: string, says: RegExp][] =
  [
    [
      "an upper-case username",
      "tester.assign",
      { ...good, username: "Alice" },
      400,
      "BAD_REQUEST",
      /username: must be a Linux username/,
    ],
    ["an empty username", "tester.assign", { ...good, username: "" }, 400, "BAD_REQUEST", /username:/],
    [
      "a username of 33",
      "tester.assign",
      { ...good, username: "a".repeat(33) },
      400,
      "BAD_REQUEST",
      /username:/,
    ],
    [
      "a username with a line end",
      "tester.assign",
      { ...good, username: "alice\n" },
      400,
      "BAD_REQUEST",
      /username:/,
    ],
    [
      "a system account",
      "tester.assign",
      { ...good, username: "root" },
      400,
      "BAD_REQUEST",
      /system account/,
    ],
    ["no username", "tester.assign", { sshKeys: [] }, 400, "BAD_REQUEST", /username:/],
    [
      "the second key is none",
      "tester.assign",
      { ...good, sshKeys: [KEY_A, "hello"] },
      400,
      "BAD_REQUEST",
      /sshKeys\[1\]: does not start/,
    ],
    [
      "a private key",
      "tester.assign",
      { ...good, sshKeys: ["-----BEGIN OPENSSH PRIVATE KEY-----"] },
      400,
      "BAD_REQUEST",
      /sshKeys\[0\]: is a private key/,
    ],
    [
      "a key with options",
      "tester.assign",
      { ...good, sshKeys: [`no-pty ${KEY_A}`] },
      400,
      "BAD_REQUEST",
      /has options/,
    ],
    ["a cut key", "tester.assign", { ...good, sshKeys: [cut] }, 400, "BAD_REQUEST", /sshKeys\[0\]: /],
    [
      "two keys in one entry",
      "tester.assign",
      { ...good, sshKeys: [`${KEY_A}\n${KEY_A}`] },
      400,
      "BAD_REQUEST",
      /more than one line/,
    ],
    [
      "51 keys",
      "tester.assign",
      { ...good, sshKeys: Array.from({ length: 51 }, () => KEY_A) },
      400,
      "BAD_REQUEST",
      /50 keys/,
    ],
    ["an unknown pool", "tester.assign", { ...good, pool: "nope" }, 404, "NOT_FOUND", /no pool named nope/],
    [
      "an unknown parameter",
      "tester.assign",
      { ...good, params: { wrong: "x" } },
      400,
      "BAD_REQUEST",
      /params\.wrong/,
    ],
    [
      "a parameter that does not fit",
      "tester.assign",
      { ...good, params: { greeting: "NO" } },
      400,
      "BAD_REQUEST",
      /params\.greeting/,
    ],
    ["an unknown field", "tester.assign", { ...good, colour: "red" }, 400, "BAD_REQUEST", /colour/],
    ["a TTL of a second", "tester.assign", { ...good, ttlSeconds: 1 }, 400, "BAD_REQUEST", /ttlSeconds/],
    [
      "a NUL in a text",
      "tester.assign",
      { ...good, externalId: "a\0b" },
      400,
      "BAD_REQUEST",
      /externalId: .*NUL/,
    ],
    ["no JSON", "tester.assign", "{", 400, "BAD_REQUEST", /not JSON/],
    ["a list instead of an object", "tester.assign", [], 400, "BAD_REQUEST", /./],
    ["an unknown procedure", "tester.destroy", {}, 404, "NOT_FOUND", /no such procedure/],
    [
      "maxSize below targetSize",
      "pool.put",
      specOf({ targetSize: 5, maxSize: 1 }),
      400,
      "BAD_REQUEST",
      /maxSize: must be at least/,
    ],
    [
      "a pool with an unknown recipe",
      "pool.put",
      specOf({ name: "other", recipe: "nope" }),
      404,
      "NOT_FOUND",
      /recipe/,
    ],
    ["a recipe without steps", "recipe.put", { name: "empty", steps: [] }, 400, "BAD_REQUEST", /steps/],
    ["a node's name with a space", "node.enroll", { name: "a b" }, 400, "BAD_REQUEST", /name/],
  ];

describe.each(RUNTIMES)("bad input on %s", (runtime) => {
  test.runIf(runtime === "node" || isNight)(
    "each has its code, says what is wrong, and changes nothing",
    async () => {
      await using t = await testDb();
      await makeWorld(t.db);
      await using edge = await startEdge(runtime, t.url);
      const before = await everything(t.db);
      for (const [what, procedure, input, status, code, says] of TABLE) {
        const answer = await call(edge.url, ADMIN_TOKEN, procedure, input);
        expect({ what, status: answer.status, code: answer.code }, answer.text).toEqual({
          what,
          status,
          code,
        });
        expect(answer.message, what).toMatch(says);
        expect(answer.text, what).not.toMatch(/select|insert|stack|node_modules|\/src\//i);
      }
      const status = await call(edge.url, ADMIN_TOKEN, "tester.status", { username: "nobody-yet" });
      expect(status).toMatchObject({ status: 404, code: "NOT_FOUND" });
      expect(await everything(t.db)).toEqual(before);
    },
  );

  test("a body over the limit is refused", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    const answer = await call(edge.url, ADMIN_TOKEN, "tester.assign", {
      ...good,
      externalId: "x".repeat(3_000_000),
    });
    expect(answer).toMatchObject({ status: 413, code: "BAD_REQUEST" });
  });

  test.runIf(runtime === "node" || isNight)(
    "a wrong, missing, foreign or revoked token opens nothing",
    async () => {
      await using t = await testDb();
      await makeWorld(t.db);
      await using edge = await startEdge(runtime, t.url);
      const app = await createToken(t.db, { role: "app", name: "app" }, ADMIN);
      const node = await issueToken(t.db, { role: "node", name: NODE, node: NODE });
      const refused = async (token: string | null, procedure: string, status: number, code: string) => {
        const answer = await call(edge.url, token, procedure, good);
        expect(answer, `${procedure} with ${token?.slice(0, 8)}`).toMatchObject({ status, code });
      };
      await refused(null, "tester.assign", 401, "UNAUTHORIZED");
      await refused("wp_admin_wrong", "tester.assign", 401, "UNAUTHORIZED");
      await refused(app.token, "pool.put", 403, "FORBIDDEN");
      await refused(app.token, "relay.open", 403, "FORBIDDEN");
      await refused(node.token, "tester.assign", 403, "FORBIDDEN");
      await refused(node.token, "sweep.run", 403, "FORBIDDEN");
      await refused(ADMIN_TOKEN, "relay.open", 403, "FORBIDDEN");
      await t.db.execute(sql`update tokens set revoked_at = now()`);
      await refused(app.token, "tester.assign", 401, "UNAUTHORIZED");
    },
  );

  test("a database error shows its text neither to the caller nor in the log", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using edge = await startEdge(runtime, t.url);
    await t.db.execute(sql`alter table events add constraint broken check (kind <> 'assignment')`);
    const marker = "MARKER-7f3a";
    const answer = await call(edge.url, ADMIN_TOKEN, "tester.assign", { ...good, externalId: marker });
    expect(answer).toMatchObject({ status: 500, code: "INTERNAL" });
    expect(answer.message).toMatch(/^something went wrong; the log has it under request [0-9a-f-]{36}$/);
    const id = answer.message.slice(-36);
    await until("the log to have it", () => edge.logs().includes(id));
    expect(edge.logs()).toContain("23514 on broken");
    for (const text of [answer.text, edge.logs()]) {
      expect(text).not.toContain(marker);
      expect(text).not.toMatch(/insert into|Failed query/i);
    }
  });

  test("a database that is gone is UNAVAILABLE with Retry-After, and health names it", async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    const nowhere = new URL(t.url);
    nowhere.port = "1";
    await using edge = await startEdge(runtime, nowhere.href);
    const answer = await call(edge.url, `wp_app_${"x".repeat(43)}`, "tester.assign", good);
    expect(answer).toMatchObject({ status: 503, code: "UNAVAILABLE", retryAfter: "1" });
    const health = await fetch(`${edge.url}/healthz`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({
      status: "failing",
      problems: ["the database does not respond"],
    });
  });
});
