import { createHmac } from "node:crypto";
import { sql } from "drizzle-orm";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { CONDITION_TYPES } from "../../../src/contract/conditionTypes.ts";
import { webhookMessage } from "../../../src/contract/webhook.ts";
import { deliverAll } from "../../../src/domain/webhook/duty.ts";
import { sweep } from "../../../src/cron/sweep.ts";
import { type Db, rows } from "../../../src/db/client.ts";
import { assign } from "../../helpers/leftToSweep.ts";
import { deliver } from "../../../src/domain/webhook/deliver.ts";
import { testDb, type TestDb } from "../../helpers/db.ts";
import { APP, KEY_A, makeWorld } from "../../helpers/world.ts";
import { NEXT_SECRET, SECRET, startReceiver, type TestReceiver } from "./receiver.ts";

const ask = (t: TestDb, username: string, externalId?: string) =>
  assign(t.connection, { username, sshKeys: [KEY_A], pool: "demo", externalId }, APP);

const messages = ({ got }: TestReceiver) => got.map(({ body }) => webhookMessage.parse(JSON.parse(body)));

/** Messages that are stored for no other reason than to be sent. */
async function store(db: Db, count: number): Promise<void> {
  await db.execute(sql`
    insert into webhook_messages (type, data)
    select 'pool.condition', '{}' from generate_series(1, ${count}::int)`);
}

/** Lets time pass for the webhook: what is held back until later is due now. */
async function elapse(db: Db): Promise<void> {
  await db.execute(sql`update webhook_messages set not_before = now()`);
  await db.execute(sql`update webhook_receiver set hold_until = now()`);
}

const states = (db: Db) =>
  rows<{ outcome: string | null; attempts: number; error: string | null }>(
    db,
    sql`select outcome, attempts, error from webhook_messages order by created_at, id`,
  );

test("an assignment that turns active is told, signed as Standard Webhooks has it", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await using hook = await startReceiver([SECRET, NEXT_SECRET]);
  const { assignment } = await ask(t, "alice", "order-7");
  await relay.workOff();
  expect(await deliver(t.db, hook.receiver)).toBe(1);

  const [{ headers, body }] = hook.got as [TestReceiver["got"][number]];
  expect(JSON.parse(body)).toEqual({
    type: "assignment.active",
    version: 1,
    timestamp: expect.any(String) as string,
    data: { assignment: { id: assignment.id, pool: "demo", username: "alice", externalId: "order-7" } },
  });
  const signed = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`;
  const by = (secret: string) =>
    `v1,${createHmac("sha256", Buffer.from(secret.slice(6), "base64"))
      .update(signed)
      .digest("base64")}`;
  expect(headers["webhook-signature"]).toBe(`${by(SECRET)} ${by(NEXT_SECRET)}`);
  const given = headers as Record<string, string>;
  expect(new Webhook(NEXT_SECRET).verify(body, given)).toMatchObject({ type: "assignment.active" });
  expect(() => new Webhook(SECRET).verify(body.replace("alice", "mallory"), given)).toThrow();
  expect(await deliver(t.db, hook.receiver)).toBe(0);
});

test("a set-up that failed is told by its code and step, without what it said", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await relay.workOff();
  await using hook = await startReceiver();
  await ask(t, "alice");
  const setup = await relay.take("setup");
  const said = {
    outcome: "setup_failed",
    reason: "step_failed",
    step: "hello",
    message: "pw=hunter2",
  } as const;
  await relay.finish(setup, said);
  await deliver(t.db, hook.receiver);
  expect(messages(hook).map(({ type, data }) => [type, "error" in data && data.error])).toEqual([
    ["assignment.failed", { code: "step_failed", step: "hello" }],
  ]);
  expect(JSON.stringify(hook.got)).not.toContain("hunter2");
});

test("who waits too long is told of once", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 0, maxSize: 0 });
  await using hook = await startReceiver();
  await ask(t, "alice");
  await deliverAll(t.db, hook.receiver);
  expect(hook.got).toEqual([]);
  await t.db.execute(sql`update assignments set created_at = now() - interval '11 minutes'`);
  await Promise.all([1, 2, 3].map(() => deliverAll(t.db, hook.receiver)));
  await deliverAll(t.db, hook.receiver);
  expect(messages(hook).map(({ type }) => type)).toEqual(["assignment.waiting"]);
});

test("every change of a condition is told once, however many sweeps see it", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 1 });
  await using hook = await startReceiver();
  const changes = async () => {
    await Promise.all([1, 2, 3].map(() => sweep(t.db, hook.receiver)));
    await deliver(t.db, hook.receiver);
    return messages(hook)
      .splice(0, hook.got.splice(0).length)
      .map(({ data }) => ("condition" in data ? [data.previous?.reason, data.condition.reason] : []));
  };
  const first = await changes();
  expect(first).toHaveLength(CONDITION_TYPES.length);
  expect(first).toEqual(
    expect.arrayContaining([
      [undefined, "BelowTarget"],
      [undefined, "Refilling"],
    ]),
  );
  await relay.workOff();
  const second = await changes();
  expect(second).toHaveLength(2);
  expect(second).toEqual(
    expect.arrayContaining([
      ["BelowTarget", "TargetReached"],
      ["Refilling", "Full"],
    ]),
  );
  expect(await changes()).toEqual([]);
});

test("a receiver that fails is tried again later, each time later, and then gets everything once", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  await store(t.db, 5);
  hook.answers.push(500, 500, 500);
  expect(await deliver(t.db, hook.receiver)).toBe(0);
  expect(hook.got).toHaveLength(3);
  expect(await deliver(t.db, hook.receiver)).toBe(0);
  expect(hook.got).toHaveLength(3);
  // After three failures in a row it is asked with one message at a time.
  hook.answers.push(503);
  await elapse(t.db);
  await deliver(t.db, hook.receiver);
  expect(hook.got).toHaveLength(4);
  const [held] = await rows<{ seconds: number }>(
    t.db,
    sql`select extract(epoch from hold_until - now())::float8 as seconds from webhook_receiver`,
  );
  expect(held?.seconds).toBeGreaterThan(20);
  await elapse(t.db);
  expect(await deliver(t.db, hook.receiver)).toBe(5);
  expect(await states(t.db)).toHaveLength(5);
  expect(new Set((await states(t.db)).map(({ outcome }) => outcome))).toEqual(new Set(["delivered"]));
  const taken = hook.got.slice(4).map(({ headers }) => headers["webhook-id"]);
  expect(new Set(taken).size).toBe(5);
});

test("one message that is refused does not hold up the others", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  await store(t.db, 4);
  hook.answers.push(400);
  expect(await deliver(t.db, hook.receiver)).toBe(3);
});

test("a receiver that hangs is given its time and nothing more for now", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  await store(t.db, 3);
  hook.answers.push("hang");
  expect(await deliver(t.db, hook.receiver, 1000)).toBe(0);
  expect(hook.got).toHaveLength(1);
  expect((await states(t.db)).map(({ error }) => error)).toContain("the receiver did not respond within 1 s");
});

test("a redirect is not followed, and Retry-After is heeded", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  await store(t.db, 1);
  hook.answers.push({ status: 302, headers: { location: "/elsewhere", "retry-after": "1800" } });
  await deliver(t.db, hook.receiver);
  expect(hook.got).toHaveLength(1);
  expect((await states(t.db))[0]?.error).toContain("redirects are not followed");
  const [row] = await rows<{ later: boolean }>(
    t.db,
    sql`select not_before > now() + interval '29 minutes' as later from webhook_messages`,
  );
  expect(row?.later).toBe(true);
});

test("410 ends it for this URL, on record; another URL is another receiver", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  await store(t.db, 2);
  hook.answers.push(410);
  await deliverAll(t.db, hook.receiver);
  await store(t.db, 1);
  await deliverAll(t.db, hook.receiver);
  expect(hook.got).toHaveLength(1);
  const given = await rows(t.db, sql`select 1 from events where reason = 'undelivered'`);
  expect(given).toHaveLength(2);
  await deliverAll(t.db, { ...hook.receiver, url: `${hook.receiver.url}#again` });
  expect(hook.got).toHaveLength(2);
});

test("a message is given up after three days, on record", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  await store(t.db, 1);
  hook.answers.push(500);
  await deliverAll(t.db, hook.receiver);
  await elapse(t.db);
  await t.db.execute(sql`update webhook_messages set created_at = now() - interval '73 hours'`);
  await deliverAll(t.db, hook.receiver);
  expect(hook.got).toHaveLength(1);
  expect(await states(t.db)).toMatchObject([{ outcome: "given_up", attempts: 1 }]);
  const [told] = await rows<{ data: object }>(
    t.db,
    sql`select data from events where reason = 'undelivered'`,
  );
  expect(told?.data).toMatchObject({ attempts: 1, lastError: "the receiver responded with 500" });
});

test("many senders at once: never two messages in flight, none twice, none left", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  await store(t.db, 20);
  const late = store(t.db, 5).then(() => deliver(t.db, hook.receiver));
  await Promise.all([...Array.from({ length: 8 }, () => deliver(t.db, hook.receiver)), late]);
  expect(hook.mostAtOnce()).toBe(1);
  expect(hook.got).toHaveLength(25);
  expect(new Set(hook.got.map(({ headers }) => headers["webhook-id"])).size).toBe(25);
});

test("with no receiver messages do not pile up", async () => {
  await using t = await testDb();
  await store(t.db, 2);
  expect(await deliverAll(t.db, null)).toMatchObject({ dropped: 0 });
  await t.db.execute(sql`update webhook_messages set created_at = now() - interval '11 minutes'`);
  expect(await deliverAll(t.db, null)).toMatchObject({ dropped: 2 });
});
