import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import type { PageView } from "../../src/contract/page.ts";
import { testDb } from "../helpers/db.ts";
import { HOST_KEY, KEY_A, KEY_B, makeWorld } from "../helpers/world.ts";
import { call } from "./call.ts";
import { ADMIN_TOKEN, ONE_RUNTIME, startEdge, type TestEdge } from "./edges.ts";

const LINK = /^https:\/\/w\.example\.com\/t\/([\w-]{43})$/;

/** What a procedure answered; it has to have answered well. */
async function data<T>(edge: TestEdge, token: string, procedure: string, input?: object): Promise<T> {
  const answer = await call(edge.url, token, procedure, input);
  expect(answer.status, answer.text).toBe(200);
  return (JSON.parse(answer.text) as { result: { data: T } }).result.data;
}

function tokenOf(url: string): string {
  return `wp_page_${LINK.exec(url)?.[1] ?? ""}`;
}

describe.each(ONE_RUNTIME)("the tester's page on %s", (runtime) => {
  test("a link is made, shows one assignment, and does what a tester may; its release ends it", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, {
      targetSize: 2,
      maxSize: 4,
      assignmentTtlSeconds: 3600,
      testerTtlSeconds: 7200,
    });
    await relay.workOff();
    await using edge = await startEdge(runtime, t.url, { publicOrigin: "https://w.example.com" });
    const alice = { username: "alice", sshKeys: [KEY_A], externalId: "order-7" };
    const without = await data<object>(edge, ADMIN_TOKEN, "tester.assign", alice);
    expect(without).not.toHaveProperty("page");
    const assigned = await data<{ page: { url: string } }>(edge, ADMIN_TOKEN, "tester.assign", {
      ...alice,
      page: true,
    });
    const former = tokenOf(assigned.page.url);
    const { url } = await data<{ url: string }>(edge, ADMIN_TOKEN, "tester.link", { username: "alice" });
    const page = tokenOf(url);
    expect((await call(edge.url, former, "page.get", undefined)).status).toBe(401);

    expect(await data<PageView>(edge, page, "page.get")).toMatchObject({
      username: "alice",
      state: "setting_up",
      extend: null,
      ttlSeconds: 3600,
    });
    expect((await call(edge.url, page, "page.extend", { ttlSeconds: 7200 })).status).toBe(409);
    await relay.workOff();
    const active = await data<PageView>(edge, page, "page.get");
    expect(active).toMatchObject({ state: "active", extend: { maxTtlSeconds: 7200 } });
    expect(active.machine).toMatchObject({ user: "alice", hostKey: { type: HOST_KEY.type } });
    // Nothing of the installation, and no id by which another call could be made.
    expect(JSON.stringify(active)).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-|order-7|n1"/);

    expect((await call(edge.url, page, "page.extend", { ttlSeconds: 7201 })).status).toBe(409);
    const extended = await data<PageView>(edge, page, "page.extend", { ttlSeconds: 7200 });
    expect(extended).toMatchObject({ ttlSeconds: 7200, extend: null });
    for (const sshKeys of [["nonsense"], [], [`no-pty ${KEY_B}`]])
      expect((await call(edge.url, page, "page.addKeys", { sshKeys })).status).toBe(400);
    const keyed = await data<PageView>(edge, page, "page.addKeys", { sshKeys: [KEY_B, KEY_A] });
    expect(keyed).toMatchObject({ keysPending: true });
    expect(keyed.keyFingerprints).toHaveLength(2);
    expect(keyed.keyFingerprints.slice(0, 1)).toEqual(active.keyFingerprints);

    for (const procedure of ["tester.status", "tester.release", "pool.list", "machine.list", "token.list"])
      expect((await call(edge.url, page, procedure, { username: "alice" })).status, procedure).toBe(403);
    expect((await fetch(`${edge.url}/admin/v1/pools`, bearer(page))).status).toBe(403);
    expect((await fetch(`${edge.url}/metrics`, bearer(page))).status).toBe(403);
    // As a cookie, or in the address, it is worth nothing.
    const asCookie = { headers: { cookie: `warmpool_session=${page}` } };
    expect((await fetch(`${edge.url}/trpc/page.get`, asCookie)).status).toBe(401);

    const released = await data<PageView>(edge, page, "page.release");
    expect(released).toMatchObject({ state: "released", extend: null });
    expect((await call(edge.url, page, "page.get", undefined)).status).toBe(401);
    expect((await call(edge.url, ADMIN_TOKEN, "tester.link", { username: "alice" })).status).toBe(409);
    const events = await t.db.execute(
      sql`select distinct reason from events where actor = 'tester:alice' order by reason`,
    );
    expect(events.map(({ reason }) => reason)).toEqual(["asked_for", "extended", "released"]);
    expect(edge.logs()).not.toContain(page.slice(-43));
  });

  test("its stream tells every change, and ends with the assignment", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
    await relay.workOff();
    await using edge = await startEdge(runtime, t.url, { publicOrigin: "https://w.example.com" });
    const alice = { username: "alice", sshKeys: [], page: true };
    const { page } = await data<{ page: { url: string } }>(edge, ADMIN_TOKEN, "tester.assign", alice);
    const token = tokenOf(page.url);
    const response = await fetch(`${edge.url}/trpc/page.watch?input=%7B%7D`, bearer(token));
    expect(response.status).toBe(200);
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString();
      if (/^id: ?\S+$/m.test(text)) break;
    }
    expect(text).toContain('"state":"setting_up"');
    await data(edge, token, "page.release");
  });
});

function bearer(token: string) {
  return { headers: { authorization: `Bearer ${token}` } };
}
