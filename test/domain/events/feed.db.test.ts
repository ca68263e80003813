import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import type { EventHint, EventNews } from "../../../src/contract/event.ts";
import { connect, type Db, rows } from "../../../src/db/client.ts";
import { tell } from "../../../src/domain/core/event.ts";
import { createFeed, type Watcher } from "../../../src/domain/events/feed.ts";
import { testDb } from "../../helpers/db.ts";
import { ADMIN } from "../../helpers/world.ts";

/** A clock that the test moves: a feed reads again after a second of it. */
function clock() {
  let now = 0;
  return { now: () => now, pass: () => (now += 1000) };
}

const say = (db: Db, kind: string) => tell(db, { kind, actor: ADMIN, reason: "asked_for" });
/** No earlier one can appear any more. */
const settle = (db: Db) => db.execute(sql`update events set at = at - interval '10 seconds'`);
const kindsOf = ({ hints }: EventNews) => hints.map(({ kind }: EventHint) => kind);

async function seenBy(watcher: Watcher, db: Db, time: { pass: () => void }): Promise<EventNews> {
  time.pass();
  return watcher.next(db);
}

test("a new watcher reads everything first, and then gets each event once and at once", async () => {
  await using t = await testDb();
  const time = clock();
  const watcher = createFeed(time.now).join(null);
  await say(t.db, "before");
  expect(await seenBy(watcher, t.db, time)).toMatchObject({ reset: true, hints: [] });
  await say(t.db, "one");
  expect(kindsOf(await seenBy(watcher, t.db, time))).toEqual(["one"]);
  await say(t.db, "two");
  expect(kindsOf(await seenBy(watcher, t.db, time))).toEqual(["two"]);
  await settle(t.db);
  expect(kindsOf(await seenBy(watcher, t.db, time))).toEqual([]);
});

test("an event that commits behind a later one → both are shown, to one that stays and to one that comes back", async () => {
  await using t = await testDb();
  const time = clock();
  const feed = createFeed(time.now);
  const watcher = feed.join(null);
  await watcher.next(t.db);
  // An id is drawn, and its event is not there yet when the next one is.
  const [drawn] = await rows<{ id: number }>(
    t.db,
    sql`select nextval(pg_get_serial_sequence('events', 'id')) as id`,
  );
  await say(t.db, "later");
  expect(kindsOf(await seenBy(watcher, t.db, time))).toEqual(["later"]);
  const place = watcher.place();
  await t.db.execute(sql`insert into events (id, kind, actor, reason) overriding system value
    values (${drawn?.id}, 'earlier', 'admin:test', 'asked_for')`);
  expect(kindsOf(await seenBy(watcher, t.db, time))).toEqual(["earlier"]);
  expect(kindsOf(await seenBy(feed.join(place), t.db, time)).toSorted()).toEqual(["earlier", "later"]);
});

test("a watcher that comes back gets what it missed, on another instance too; after too long it reads everything", async () => {
  await using t = await testDb();
  const time = clock();
  const feed = createFeed(time.now);
  const watcher = feed.join(null);
  await say(t.db, "first");
  await settle(t.db);
  await watcher.next(t.db);
  const place = watcher.place();
  await say(t.db, "missed");
  await settle(t.db);
  for (const instance of [feed, createFeed(time.now)])
    expect(await seenBy(instance.join(place), t.db, time)).toMatchObject({
      reset: false,
      hints: [{ kind: "missed" }],
    });
  await t.db.execute(sql`insert into events (kind, actor, reason, at)
    select 'many', 'admin:test', 'asked_for', now() - interval '10 seconds' from generate_series(1, 1200)`);
  expect(await seenBy(createFeed(time.now).join(place), t.db, time)).toMatchObject({
    reset: true,
    hints: [],
  });
  for (const odd of ["", "x", "99999999999999", "-1"])
    expect(await seenBy(feed.join(odd), t.db, time), odd).toMatchObject({ reset: true });
  await t.db.execute(sql`delete from events where kind in ('first', 'missed')`);
  await t.db.execute(sql`delete from events where id in (select id from events order by id limit 500)`);
  expect(await seenBy(createFeed(time.now).join(place), t.db, time)).toMatchObject({ reset: true });
});

test("a hundred watchers of one instance cost one statement a second", async () => {
  await using t = await testDb();
  const seen: string[] = [];
  const connection = connect(t.url, { onStatement: (text) => seen.push(text) });
  const time = clock();
  const feed = createFeed(time.now);
  const watchers = Array.from({ length: 100 }, () => feed.join(null));
  const look = () => Promise.all(watchers.map((watcher) => watcher.next(connection.db)));
  await look();
  seen.length = 0;
  await say(t.db, "one");
  await look();
  expect(seen).toHaveLength(0);
  time.pass();
  for (const news of await look()) expect(kindsOf(news)).toEqual(["one"]);
  expect(seen).toHaveLength(1);
  await connection.close();
});

test("a duty of the sweep ends → it is shown, though it has no event", async () => {
  await using t = await testDb();
  const time = clock();
  const watcher = createFeed(time.now).join(null);
  await watcher.next(t.db);
  await t.db.execute(
    sql`insert into duties (duty, last_start_at, last_end_at) values ('probe', now(), now())`,
  );
  expect(await seenBy(watcher, t.db, time)).toMatchObject({
    hints: [{ id: null, kind: "sweep", pool: null, assignment: null }],
  });
  expect(kindsOf(await seenBy(watcher, t.db, time))).toEqual([]);
});
