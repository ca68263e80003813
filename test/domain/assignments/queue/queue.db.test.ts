import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import type { Assignment } from "../../../../src/contract/assignment.ts";
import type { LeasedOperation } from "../../../../src/contract/relay.ts";
import { type Db, rows } from "../../../../src/db/client.ts";
import { assign, release } from "../../../helpers/leftToSweep.ts";
import { readAssignments } from "../../../../src/domain/assignments/view.ts";
import { play } from "../../../../src/domain/assignments/queue/forecast.ts";
import { Forecasts } from "../../../../src/domain/assignments/queue/forecasts.ts";
import { renew } from "../../../../src/domain/operations/progress.ts";
import { replenish } from "../../../../src/domain/supply/applyPlan.ts";
import { findTester } from "../../../../src/domain/assignments/release.ts";
import { type TestDb, testDb } from "../../../helpers/db.ts";
import { isNight } from "../../../helpers/nightly.ts";
import { passTime } from "../../../helpers/passTime.ts";
import { seeded } from "../../../helpers/random.ts";
import { APP, doHappily, KEY_A, makeWorld, NODE, type StandInRelay } from "../../../helpers/world.ts";

/**
 * The line of those who wait, over hours that take no time: machines take as long as a seed says, testers stay as long
 * as it says, and the edge knows nothing of either but what it has seen.
 */
const CREATE = { from: 5, to: 60 };
const DELETE = { from: 1, to: 3 };
const SETUP = { from: 5, to: 10 };
const STAY = { from: 60, to: 120 };

class Afternoon {
  now = 0;
  readonly #db: Db;
  readonly #relay: StandInRelay;
  readonly #random: () => number;
  #underWay: { operation: LeasedOperation; endsAt: number }[] = [];
  #leaving: { username: string; at: number }[] = [];
  /** When each tester got a machine. */
  readonly served = new Map<string, number>();

  constructor(db: Db, relay: StandInRelay, random: () => number) {
    this.#db = db;
    this.#relay = relay;
    this.#random = random;
  }

  /** Goes on until nothing is under way and nobody is about to leave. */
  async passes(): Promise<void> {
    for (;;) {
      await this.#takeUp();
      const next = Math.min(
        ...this.#underWay.map(({ endsAt }) => endsAt),
        ...this.#leaving.map(({ at }) => at),
      );
      if (!Number.isFinite(next)) return;
      await passTime(this.#db, next - this.now);
      this.now = next;
      await this.#renew();
      await this.#happen();
    }
  }

  async #takeUp(): Promise<void> {
    const held = this.#underWay.filter(({ operation }) => operation.kind !== "setup").length;
    for (const operation of await this.#relay.lease({ setups: 100, others: 2 - held })) {
      if (operation.kind === "setup") this.served.set(operation.assignment.username, this.now);
      const range = operation.kind === "create" ? CREATE : operation.kind === "setup" ? SETUP : DELETE;
      this.#underWay.push({ operation, endsAt: this.now + this.#draw(range) });
    }
  }

  /** However long the step was, the relay was heard and no lease ran out: it renews every few seconds. */
  async #renew(): Promise<void> {
    await this.#db.execute(sql`update nodes set last_seen_at = now()`);
    const renewals = this.#underWay.map(({ operation: { id, token } }) => ({ id, token }));
    if (renewals.length > 0) await renew(this.#db, NODE, this.#relay.session, renewals);
  }

  async #happen(): Promise<void> {
    const ended = this.#underWay.filter(({ endsAt }) => endsAt <= this.now);
    this.#underWay = this.#underWay.filter(({ endsAt }) => endsAt > this.now);
    for (const { operation } of ended) {
      await doHappily(this.#relay, operation);
      if (operation.kind !== "setup") continue;
      const { username } = operation.assignment;
      this.#leaving.push({ username, at: this.now + this.#draw(STAY) });
    }
    const leaving = this.#leaving.filter(({ at }) => at <= this.now);
    this.#leaving = this.#leaving.filter(({ at }) => at > this.now);
    for (const { username } of leaving) await release(this.#db, { username }, APP);
    await replenish(this.#db, "demo", APP);
  }

  #draw({ from, to }: { from: number; to: number }): number {
    return from + (to - from) * this.#random();
  }
}

const ask = (t: TestDb, username: string) => assign(t.connection, { username, sshKeys: [KEY_A] }, APP);

/** Some testers come and go first: what an estimate goes by. */
async function history(t: TestDb, afternoon: Afternoon): Promise<void> {
  for (const round of ["a", "b"]) {
    await Promise.all(["1", "2", "3", "4", "5"].map((number) => ask(t, `earlier${round}${number}`)));
    await replenish(t.db, "demo", APP);
    await afternoon.passes();
  }
}

type Line = { place: number; eta: number | null; range: [number, number] | null; real: number };

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return (
    ((sorted[Math.floor((sorted.length - 1) / 2)] ?? 0) + (sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0)) /
    2
  );
}

const missOf = ({ eta, real }: Line) =>
  eta === null ? Number.POSITIVE_INFINITY : Math.max(eta / real, real / eta);

function table(lines: readonly Line[]): string {
  const rowsOf = lines.map(({ place, eta, range, real, ...rest }) =>
    [
      place,
      eta ?? "-",
      range?.join(" to ") ?? "-",
      real.toFixed(0),
      missOf({ place, eta, range, real, ...rest }).toFixed(2),
    ]
      .map((cell) => String(cell).padStart(11))
      .join(""),
  );
  return [
    ["place", "told, s", "range, s", "real, s", "off by"].map((head) => head.padStart(11)).join(""),
    ...rowsOf,
  ].join("\n");
}

// By day the pure forecast is held to what happens (forecast.test.ts), without an afternoon of statements.
test.runIf(isNight).for([1, 2])(
  "twenty testers ask at once for a pool of 5 with maxSize 8: all served, in order, about when they were told (seed %i)",
  async (seed) => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 5, maxSize: 8 });
    const afternoon = new Afternoon(t.db, relay, seeded(seed));
    await afternoon.passes();
    await history(t, afternoon);

    const names = Array.from({ length: 20 }, (_, index) => `tester${index}`);
    const asked: Assignment[] = (await Promise.all(names.map((name) => ask(t, name)))).map(
      ({ assignment }) => assignment,
    );
    const waiting = asked.filter(({ state }) => state === "waiting");
    expect(waiting).toHaveLength(15);
    const askedAt = afternoon.now;
    await replenish(t.db, "demo", APP);
    await afternoon.passes();

    const order = await rows<{ username: string }>(t.db, sql`select username from assignments order by seq`);
    const line = order
      .map(({ username }) => username)
      .filter((name) => waiting.some((one) => one.username === name));
    const servedAt = line.map((name) => afternoon.served.get(name) ?? Number.NaN);
    expect(servedAt, "the order is kept").toEqual(servedAt.toSorted((one, other) => one - other));
    for (const name of names)
      expect(await findTester(t.db, { username: name })).toMatchObject({ state: "released" });

    const lines = waiting
      .map(({ username, queue }) => ({
        place: queue?.position ?? 0,
        eta: queue?.etaSeconds ?? null,
        range: queue?.etaRange ?? null,
        real: (afternoon.served.get(username) ?? Number.NaN) - askedAt,
      }))
      .toSorted((one, other) => one.real - other.real);
    console.log(table(lines));
    expect(median(lines.map(missOf)), table(lines)).toBeLessThanOrEqual(2);
    // A range that says nothing would be right always: eight of ten fall into it, and it is narrower than half to triple.
    const within = lines.filter(({ range, real }) => range !== null && range[0] <= real && real <= range[1]);
    expect(within.length, table(lines)).toBeGreaterThanOrEqual(8);
  },
);

test("an estimate is corrected as it goes: a create that is overdue moves it on, one that is ready ends it", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 0, maxSize: 1 });
  // Within five seconds: what the host takes for a step counts too.
  const about = (seconds: number) => expect.closeTo(seconds, -1) as number;
  const etaOf = async () => (await findTester(t.db, { username: "alice" })).queue?.etaSeconds;
  await ask(t, "first");
  await replenish(t.db, "demo", APP);
  const create = await relay.take("create");
  await passTime(t.db, 40);
  await doHappily(relay, create);
  await release(t.db, { username: "first" }, APP);
  await relay.workOff();

  await ask(t, "alice");
  expect(await etaOf()).toEqual(about(40));
  await replenish(t.db, "demo", APP);
  await relay.lease();
  await passTime(t.db, 30);
  expect(await etaOf()).toEqual(about(10));
  await passTime(t.db, 30);
  await t.db.execute(sql`update nodes set last_seen_at = now()`);
  expect(await etaOf(), "overdue by 20 s").toEqual(about(30));
});

test("with nothing observed there is a place in the line and no number", async () => {
  await using t = await testDb();
  await makeWorld(t.db, { targetSize: 0, maxSize: 1 });
  const { assignment } = await ask(t, "alice");
  expect(assignment.queue).toEqual({ position: 1, etaSeconds: null, etaRange: null });
});

test("a page of those who wait reads and plays the line once, and the next one within a second not again", async () => {
  const statements: string[] = [];
  await using t = await testDb({ onStatement: (text) => statements.push(text) });
  const relay = await makeWorld(t.db, { targetSize: 0, maxSize: 1 });
  await ask(t, "first");
  await replenish(t.db, "demo", APP);
  await doHappily(relay, await relay.take("create"));
  await release(t.db, { username: "first" }, APP);
  await relay.workOff();
  for (const name of ["a", "b", "c"]) await ask(t, name);

  let now = 0;
  let played = 0;
  const forecasts = new Forecasts(
    () => now,
    (...line) => {
      played += 1;
      return play(...line);
    },
  );
  const page = async () => {
    statements.length = 0;
    const shown = await readAssignments(t.db, sql`a.state = 'waiting'`, sql`order by a.seq`, forecasts);
    return shown.map(({ queue }) => queue);
  };
  const first = await page();
  expect(first.map((queue) => queue?.position)).toEqual([1, 2, 3]);
  expect(first.every((queue) => queue?.etaSeconds !== null)).toBe(true);
  expect([statements.length, played]).toEqual([2, 3]);
  expect(await page()).toEqual(first);
  expect([statements.length, played]).toEqual([2, 3]);

  await ask(t, "d");
  expect((await page()).map((queue) => queue?.position)).toEqual([1, 2, 3, 4]);
  expect([statements.length, played], "somebody has come, of whom the forecast knew nothing").toEqual([3, 6]);
  await t.db.execute(sql`update pools set paused = true`);
  expect((await page()).map((queue) => queue?.etaSeconds)).toEqual([null, null, null, null]);
  now = 1000;
  await page();
  expect([statements.length, played]).toEqual([2, 8]);
});
