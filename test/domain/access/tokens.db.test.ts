import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { pruneAccess } from "../../../src/domain/access/prune.ts";
import { rows } from "../../../src/db/client.ts";
import { sha256 } from "../../../src/domain/core/hash.ts";
import { listTokens, noteUse, revokeToken } from "../../../src/domain/access/tokenList.ts";
import { authenticate, createToken } from "../../../src/domain/access/tokens.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN } from "../../helpers/world.ts";

const refused = { code: "UNAUTHORIZED", message: "the token is unknown, expired or revoked" };

test("a token is shown once; the list tells it by its fingerprint, and nothing stored gives it away", async () => {
  await using t = await testDb();
  const made = await createToken(t.db, { name: "ci", role: "viewer", expiresInSeconds: 3600 }, ADMIN);
  expect(made.token).toMatch(/^wp_viewer_[A-Za-z0-9_-]{43}$/);
  expect(made.fingerprint).toBe((await sha256(made.token)).slice(0, 8));

  const [listed, ...others] = await listTokens(t.db);
  expect(others).toEqual([]);
  const { token: _, ...shown } = made;
  expect(listed).toMatchObject({ ...shown, state: "valid", lastUsedAt: null, revokedAt: null });
  const secret = made.token.slice("wp_viewer_".length);
  const [stored] = await rows<{ all: string }>(
    t.db,
    sql`select (select json_agg(t)::text from tokens t) || (select json_agg(e)::text from events e) as all`,
  );
  expect(stored?.all).toContain(made.id);
  expect(stored?.all).not.toContain(secret);
});

test("expired, revoked and unknown tokens are refused in the same words, and revoking is on record once", async () => {
  await using t = await testDb();
  const old = await createToken(t.db, { name: "old", role: "app", expiresInSeconds: 60 }, ADMIN);
  const lost = await createToken(t.db, { name: "lost", role: "admin" }, ADMIN);
  expect(await authenticate(t.db, old.token, undefined)).toMatchObject({ role: "app", name: "old" });
  await t.db.execute(sql`update tokens set expires_at = now() where id = ${old.id}`);

  await revokeToken(t.db, lost.id, ADMIN);
  expect(await revokeToken(t.db, lost.id, ADMIN)).toMatchObject({ id: lost.id, state: "revoked" });

  for (const token of [old.token, lost.token, `${lost.token}x`, "", "wp_admin_"])
    await expect(authenticate(t.db, token, undefined)).rejects.toMatchObject(refused);
  expect((await listTokens(t.db)).map(({ name, state }) => [name, state])).toEqual([
    ["lost", "revoked"],
    ["old", "expired"],
  ]);
  const told = await rows(t.db, sql`select before, after, data from events where reason = 'revoked'`);
  expect(told).toMatchObject([
    { before: "valid", after: "revoked", data: { id: lost.id, name: "lost", role: "admin" } },
  ]);
  await expect(revokeToken(t.db, crypto.randomUUID(), ADMIN)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("the use of a token is noted once a minute at most", async () => {
  await using t = await testDb();
  const { id, token } = await createToken(t.db, { name: "app", role: "app" }, ADMIN);
  const noted = async () => (await authenticate(t.db, token, undefined)).noted;
  const at = async () => (await listTokens(t.db))[0]?.lastUsedAt;
  expect(await noted()).toBe(false);
  await noteUse(t.db, id);
  const first = await at();
  expect(first).not.toBeNull();
  expect(await noted()).toBe(true);
  await noteUse(t.db, id);
  expect(await at()).toBe(first);
  await t.db.execute(sql`update tokens set last_used_at = last_used_at - interval '61 seconds'`);
  expect(await noted()).toBe(false);
  await noteUse(t.db, id);
  expect(Date.parse((await at()) ?? "")).toBeGreaterThanOrEqual(Date.parse(first ?? ""));
});

test("tokens that open nothing any more are pruned after a while; those in use never", async () => {
  await using t = await testDb();
  await createToken(t.db, { name: "kept", role: "app" }, ADMIN);
  const dead = await createToken(t.db, { name: "dead", role: "app" }, ADMIN);
  await revokeToken(t.db, dead.id, ADMIN);
  await t.db.execute(sql`update tokens set created_at = now() - interval '9 years'`);
  await pruneAccess(t.db);
  expect((await listTokens(t.db)).map((token) => token.name).toSorted()).toEqual(["dead", "kept"]);
  await t.db.execute(sql`update tokens set revoked_at = now() - interval '31 days' where id = ${dead.id}`);
  await pruneAccess(t.db);
  expect((await listTokens(t.db)).map((token) => token.name)).toEqual(["kept"]);
});
