import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { connect, rows } from "../../../src/db/client.ts";
import { pruneAccess } from "../../../src/domain/access/prune.ts";
import { authenticatePage, newPage } from "../../../src/domain/access/pages.ts";
import {
  authenticateSession,
  newCode,
  sessionEnd,
  signIn,
  signInByCode,
  signOut,
} from "../../../src/domain/access/sessions.ts";
import { authenticate, createToken } from "../../../src/domain/access/tokens.ts";
import { sha256 } from "../../../src/domain/core/hash.ts";
import { assign, releaseAssignment } from "../../helpers/leftToSweep.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN, APP, KEY_A, makeWorld } from "../../helpers/world.ts";

const BOOTSTRAP = "the-bootstrap-token-of-this-test";
const ROOT = { role: "admin", name: "bootstrap", token: null } as const;
const refused = { code: "UNAUTHORIZED" };

test("a session of the bootstrap token: the token is changed → the session has ended", async () => {
  await using t = await testDb();
  const { text } = await signIn(t.db, ROOT, BOOTSTRAP);
  const caller = await authenticateSession(t.db, "session", text, BOOTSTRAP);
  expect(caller).toMatchObject({ role: "admin", name: "bootstrap" });
  for (const other of [undefined, "", "another-bootstrap-token"])
    await expect(authenticateSession(t.db, "session", text, other)).rejects.toMatchObject(refused);
});

test("a session or a code whose time is over, or whose token has ended → refused, and pruned", async () => {
  await using t = await testDb();
  const token = await createToken(t.db, { role: "viewer", name: "anna", expiresInSeconds: 3600 }, ADMIN);
  const anna = { role: "viewer", name: "anna", token: token.id } as const;
  const session = await signIn(t.db, anna, BOOTSTRAP);
  expect(session.expiresAt).toBe(token.expiresAt);
  const code = await newCode(t.db, anna, BOOTSTRAP);
  await t.db.execute(sql`update tokens set expires_at = now() where id = ${token.id}`);
  await expect(authenticateSession(t.db, "session", session.text, BOOTSTRAP)).rejects.toMatchObject(refused);
  await expect(authenticateSession(t.db, "code", code.text, BOOTSTRAP)).rejects.toMatchObject(refused);
  const root = await signIn(t.db, ROOT, BOOTSTRAP);
  await t.db.execute(sql`update sessions set expires_at = now()`);
  await expect(authenticateSession(t.db, "session", root.text, BOOTSTRAP)).rejects.toMatchObject(refused);
  await pruneAccess(t.db);
  expect(await rows(t.db, sql`select 1 from sessions`)).toEqual([]);
});

test("a code that two redeem at once → one of them is signed in", async () => {
  await using t = await testDb();
  const { text } = await newCode(t.db, ROOT, BOOTSTRAP);
  const tries = Array.from({ length: 5 }, () => signInByCode(t.db, text, ROOT, BOOTSTRAP));
  const ended = await Promise.allSettled(tries);
  expect(ended.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("a bearer token costs one statement, with sessions there or not; a session costs one", async () => {
  await using t = await testDb();
  const seen: string[] = [];
  const connection = connect(t.url, { onStatement: (text) => seen.push(text) });
  const token = await createToken(t.db, { role: "admin", name: "ops" }, ADMIN);
  const session = await signIn(t.db, { role: "admin", name: "ops", token: token.id }, undefined);
  await authenticate(connection.db, token.token, undefined);
  expect(seen).toHaveLength(1);
  await authenticateSession(connection.db, "session", session.text, undefined);
  expect(seen).toHaveLength(2);
  await connection.close();
});

test("a session: its end is known until it is signed out, and then it opens nothing", async () => {
  await using t = await testDb();
  const { text, expiresAt } = await signIn(t.db, ROOT, BOOTSTRAP);
  const hash = await sha256(text);
  expect(await sessionEnd(t.db, hash)).toBe(expiresAt);
  await signOut(t.db, hash);
  await signOut(t.db, hash);
  expect(await sessionEnd(t.db, hash)).toBeNull();
  await expect(authenticateSession(t.db, "session", text, BOOTSTRAP)).rejects.toMatchObject(refused);
});

test("the link to a page: a newer one, its time or the release ends it; nothing of it is stored in clear", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  const { assignment } = await assign(t.connection, { username: "alice", sshKeys: [KEY_A] }, APP);
  const first = await newPage(t.db, assignment.id, APP);
  expect(await authenticatePage(t.db, first.text)).toMatchObject({ role: "tester", name: "alice" });
  const second = await newPage(t.db, assignment.id, APP);
  await expect(authenticatePage(t.db, first.text)).rejects.toMatchObject(refused);
  await authenticatePage(t.db, second.text);
  await t.db.execute(sql`update tester_pages set expires_at = now()`);
  await expect(authenticatePage(t.db, second.text)).rejects.toMatchObject(refused);
  const third = await newPage(t.db, assignment.id, APP);
  await releaseAssignment(t.db, assignment.id, APP);
  await expect(authenticatePage(t.db, third.text)).rejects.toMatchObject(refused);
  await expect(newPage(t.db, assignment.id, APP)).rejects.toMatchObject({ code: "CONFLICT" });
  const [stored] = await rows<{ all: string }>(
    t.db,
    sql`select (select jsonb_agg(p)::text from tester_pages p) || (select jsonb_agg(e)::text from events e) as all`,
  );
  for (const { text } of [first, second, third])
    expect(stored?.all).not.toContain(text.slice("wp_page_".length));
});
