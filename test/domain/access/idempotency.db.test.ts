import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { dropKey, keepAnswer, pruneKeys, takeKey } from "../../../src/domain/access/idempotency.ts";
import { testDb } from "../../helpers/db.ts";

const REQUEST = { holder: "app:test", key: "k-1", fingerprint: "f" };
const ANSWER = { status: 201, body: { id: "a" } };

test("idempotency key: taken once; until its answer is kept others are busy, then they get the answer", async () => {
  await using t = await testDb();
  expect(await takeKey(t.db, REQUEST)).toEqual({ outcome: "taken" });
  expect(await takeKey(t.db, REQUEST)).toEqual({ outcome: "busy" });
  await keepAnswer(t.db, REQUEST, ANSWER);
  expect(await takeKey(t.db, REQUEST)).toEqual({ outcome: "answered", answer: ANSWER });
  expect(await takeKey(t.db, { ...REQUEST, fingerprint: "other" })).toEqual({ outcome: "other" });
  expect(await takeKey(t.db, { ...REQUEST, holder: "app:else" })).toEqual({ outcome: "taken" });
});

test("idempotency key: given back → free; with an answer → stays until it is old", async () => {
  await using t = await testDb();
  await takeKey(t.db, REQUEST);
  await dropKey(t.db, REQUEST);
  expect(await takeKey(t.db, REQUEST)).toEqual({ outcome: "taken" });
  await keepAnswer(t.db, REQUEST, ANSWER);
  await dropKey(t.db, REQUEST);
  expect(await takeKey(t.db, REQUEST)).toEqual({ outcome: "answered", answer: ANSWER });
  expect(await pruneKeys(t.db)).toBe(0);
  await t.db.execute(sql`update idempotency_keys set taken_at = now() - interval '30 days'`);
  expect(await pruneKeys(t.db)).toBe(1);
});
