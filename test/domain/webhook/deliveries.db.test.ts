import { sql } from "drizzle-orm";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { webhookMessage } from "../../../src/contract/webhook.ts";
import { webhookDelivery, webhookView } from "../../../src/contract/webhookDelivery.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { deliver } from "../../../src/domain/webhook/deliver.ts";
import { getWebhook } from "../../../src/domain/webhook/deliveries.ts";
import { deliverAll } from "../../../src/domain/webhook/duty.ts";
import { sendTest } from "../../../src/domain/webhook/sendTest.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN } from "../../helpers/world.ts";
import { SECRET, startReceiver } from "./receiver.ts";

/** What a person sees of the webhook: what its messages were answered, and whether one arrives now. */

/** Messages, one a second, the first of them an hour ago. */
async function store(db: Db, ...data: object[]): Promise<void> {
  for (const [at, one] of data.entries())
    await db.execute(sql`
      insert into webhook_messages (type, data, created_at)
      values ('pool.condition', ${JSON.stringify(one)}::jsonb, now() - interval '1 hour' + make_interval(secs => ${at}))`);
}

const parsed = async (...args: Parameters<typeof getWebhook>) => webhookView.parse(await getWebhook(...args));

test("webhook: answers → each message has its status, its error and its tries, the last tried first", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  const alice = { id: crypto.randomUUID(), pool: "demo", username: "alice", externalId: null };
  await store(t.db, { pool: "first" }, { assignment: alice }, { pool: "third" });
  hook.answers.push(503, 204, "hang");
  await deliver(t.db, hook.receiver, 500);
  const { receiver, pending, deliveries } = await parsed(t.db, hook.receiver, 50);
  expect(receiver).toEqual({
    origin: new URL(hook.receiver.url).origin,
    problem: null,
    // It did not respond to the last one.
    pausedUntil: expect.any(String) as string,
    gone: false,
  });
  expect(pending).toBe(2);
  const tried = {
    attempts: 1,
    createdAt: expect.any(String) as string,
    triedAt: expect.any(String) as string,
  };
  expect(deliveries).toMatchObject([
    {
      ...tried,
      ...{ pool: "third", username: null, state: "pending", httpStatus: null },
      error: "the receiver did not respond within 0.5 s",
    },
    { ...tried, pool: "demo", username: "alice", state: "delivered", httpStatus: 204, error: null },
    {
      ...tried,
      ...{ pool: "first", username: null, state: "pending", httpStatus: 503 },
      error: "the receiver responded with 503",
    },
  ]);
  // Nothing is sent before the pause ends, however soon the message itself is due.
  for (const { state, nextAttemptAt } of deliveries)
    if (state === "pending")
      expect(Date.parse(nextAttemptAt ?? "")).toBeGreaterThanOrEqual(Date.parse(receiver?.pausedUntil ?? ""));
    else expect(nextAttemptAt).toBeNull();
  expect((await parsed(t.db, hook.receiver, 2)).deliveries).toEqual(deliveries.slice(0, 2));
});

test("webhook: a failure and then a delivery → the last answer alone", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  await store(t.db, { pool: "demo" });
  hook.answers.push(500, 202);
  await deliver(t.db, hook.receiver);
  await t.db.execute(sql`update webhook_messages set not_before = now()`);
  await deliver(t.db, hook.receiver);
  expect((await parsed(t.db, hook.receiver, 50)).deliveries).toMatchObject([
    { state: "delivered", attempts: 2, httpStatus: 202, error: null },
  ]);
});

test("webhook: 410 → gone, and what was left is given up and not tried again", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  await store(t.db, { pool: "first" }, { pool: "second" });
  hook.answers.push(410);
  await deliverAll(t.db, hook.receiver);
  const { receiver, pending, deliveries } = await parsed(t.db, hook.receiver, 50);
  expect({ gone: receiver?.gone, pending }).toEqual({ gone: true, pending: 0 });
  expect(deliveries).toMatchObject([
    { pool: "first", state: "given_up", httpStatus: 410, attempts: 1, nextAttemptAt: null },
    { pool: "second", state: "given_up", httpStatus: null, attempts: 0, triedAt: null, nextAttemptAt: null },
  ]);
});

test("webhook: none, or one with wrong settings → says so, and what is stored has no next attempt", async () => {
  await using t = await testDb();
  await store(t.db, { pool: "demo" });
  expect(await parsed(t.db, null, 50)).toMatchObject({
    receiver: null,
    deliveries: [{ state: "pending", nextAttemptAt: null }],
  });
  expect((await parsed(t.db, { problem: "WARMPOOL_WEBHOOK_URL is wrong" }, 50)).receiver).toEqual({
    ...{ origin: null, problem: "WARMPOOL_WEBHOOK_URL is wrong", pausedUntil: null, gone: false },
  });
});

test("webhook: a secret in its address, and what the receiver says → neither shown nor stored", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  const receiver = { ...hook.receiver, url: `${hook.receiver.url}/p4th?key=qu3ry#fr4gment` };
  await store(t.db, { pool: "demo" });
  hook.answers.push({ status: 400, headers: { "x-told": "h34der" }, body: "b0dy" });
  await deliver(t.db, receiver);
  hook.answers.push({ status: 500, headers: {}, body: "b0dy" });
  const tested = await sendTest(t.db, receiver, ADMIN);
  const stored = await rows(
    t.db,
    sql`select to_jsonb(m) as row from webhook_messages m
    union all select to_jsonb(e) from events e union all select to_jsonb(r) from webhook_receiver r`,
  );
  const all = JSON.stringify([await getWebhook(t.db, receiver, 50), tested, stored]);
  expect(all).toContain("the receiver responded with 400");
  for (const secret of ["p4th", "qu3ry", "fr4gment", "h34der", "b0dy", ...receiver.secrets])
    expect(all).not.toContain(secret);
});

test("webhook test: signed like every message, sent once, shown first, and on record by whom", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  const delivery = webhookDelivery.parse(await sendTest(t.db, hook.receiver, ADMIN));
  expect(delivery).toMatchObject({
    ...{ type: "webhook.test", pool: null, username: null, state: "delivered", attempts: 1 },
    ...{ httpStatus: 204, error: null, nextAttemptAt: null },
  });
  expect(hook.got).toHaveLength(1);
  const [{ headers, body }] = hook.got as [(typeof hook.got)[number]];
  const message = new Webhook(SECRET).verify(body, headers as Record<string, string>);
  expect(webhookMessage.parse(message)).toMatchObject({ type: "webhook.test", version: 1, data: {} });
  expect(headers["webhook-id"]).toBe(delivery.id);
  expect((await parsed(t.db, hook.receiver, 50)).deliveries).toEqual([delivery]);
  expect(await rows(t.db, sql`select kind, actor, reason, data from events`)).toEqual([
    {
      ...{ kind: "webhook", actor: ADMIN, reason: "webhook_tested" },
      data: { message: delivery.id, httpStatus: 204, error: null },
    },
  ]);
});

test("webhook test: the receiver refuses, redirects or is away → the answer says so, and it is not repeated", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  hook.answers.push(401, { status: 307, headers: { location: "http://169.254.169.254/" } });
  const ends = [await sendTest(t.db, hook.receiver, ADMIN), await sendTest(t.db, hook.receiver, ADMIN)];
  expect(ends).toMatchObject([
    { state: "given_up", httpStatus: 401, error: "the receiver responded with 401", nextAttemptAt: null },
    {
      state: "given_up",
      httpStatus: 307,
      error: expect.stringContaining("redirects are not followed") as string,
    },
  ]);
  const away = { ...hook.receiver, url: "http://127.0.0.1:9/" };
  expect(await sendTest(t.db, away, ADMIN)).toMatchObject({
    ...{ state: "given_up", httpStatus: null, error: "the receiver could not be reached" },
  });
  expect(await deliver(t.db, hook.receiver)).toBe(0);
  expect(hook.got).toHaveLength(2);
});

test("webhook test: while messages are held back → sent all the same, and they stay held back", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  await store(t.db, { pool: "demo" });
  hook.answers.push({ status: 503, headers: { "retry-after": "1800" } });
  await deliver(t.db, hook.receiver);
  expect(await sendTest(t.db, hook.receiver, ADMIN)).toMatchObject({ state: "delivered" });
  expect(await deliver(t.db, hook.receiver)).toBe(0);
  expect(await parsed(t.db, hook.receiver, 50)).toMatchObject({
    receiver: { pausedUntil: expect.any(String) as string },
    pending: 1,
    deliveries: [{ type: "webhook.test" }, { state: "pending", attempts: 1 }],
  });
});

test("webhook test: no receiver, wrong settings, or one that is gone → refused, and nothing is sent", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  await expect(sendTest(t.db, null, ADMIN)).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringContaining("no webhook is configured") as string,
  });
  await expect(sendTest(t.db, { problem: "its URL is wrong" }, ADMIN)).rejects.toMatchObject({
    code: "CONFLICT",
    message: "its URL is wrong",
  });
  await store(t.db, { pool: "demo" });
  hook.answers.push(410);
  await deliver(t.db, hook.receiver);
  await expect(sendTest(t.db, hook.receiver, ADMIN)).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringContaining("410") as string,
  });
  expect(hook.got).toHaveLength(1);
  expect(await rows(t.db, sql`select 1 from webhook_messages where type = 'webhook.test'`)).toEqual([]);
});
