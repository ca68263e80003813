import * as fc from "fast-check";
import { expect, test } from "vitest";
import { queueEta } from "../../../../src/domain/assignments/queue/eta.ts";
import { arrivals, type Line, play, remaining } from "../../../../src/domain/assignments/queue/forecast.ts";
import { Forecasts } from "../../../../src/domain/assignments/queue/forecasts.ts";
import { seeded } from "../../../helpers/random.ts";
import { naiveArrivals } from "./naiveForecast.ts";

/** A pool of one node with two places at work, in which everything takes as long as it always did. */
function lineOf(overrides: Partial<Line> = {}): Line {
  return {
    slots: 2,
    jobs: [],
    held: [],
    room: 0,
    targetSize: 0,
    waiting: 1,
    halted: false,
    observed: { creates: [30], deletes: [4], holds: [600] },
    ...overrides,
  };
}

const create = (seconds: number | null, isOurs = true) => ({ kind: "create", isOurs, seconds }) as const;

test("a create that is under way is there when it has taken what others took", () => {
  expect(arrivals(lineOf({ jobs: [create(10)] }), 1, 0.5)).toEqual([20]);
});

test("the creates that maxSize allows go two at a time", () => {
  expect(arrivals(lineOf({ room: 4, waiting: 4 }), 4, 0.5)).toEqual([30, 30, 60, 60]);
});

test("no more are made than are wanted, and with no more of them comes nobody's turn", () => {
  expect(arrivals(lineOf({ room: 4, waiting: 1 }), 4, 0.5)).toEqual([30]);
});

test("what other pools have to do takes its place", () => {
  const jobs = [create(0, false), create(0, false)];
  expect(arrivals(lineOf({ jobs, room: 1 }), 1, 0.5)).toEqual([60]);
});

test("at maxSize somebody's machine has to end first: its delete, then a create", () => {
  const held = [
    { seconds: 500, expiresIn: null },
    { seconds: 500, expiresIn: 40 },
  ];
  expect(arrivals(lineOf({ held, waiting: 2 }), 2, 0.5)).toEqual([40 + 4 + 30, 100 + 4 + 30]);
});

test("who gets a machine has it for a while, and then the next one's turn comes", () => {
  expect(arrivals(lineOf({ room: 1, waiting: 2 }), 2, 0.5)).toEqual([30, 30 + 600 + 4 + 30]);
});

test("deletes go before creates, as a relay takes them up", () => {
  const jobs = [create(null), create(null), { kind: "delete", isOurs: true, seconds: null } as const];
  expect(arrivals(lineOf({ jobs, waiting: 3, room: 0 }), 3, 0.5)).toEqual([30, 34, 60]);
});

test("what was never observed is not made up", () => {
  const never = { creates: [], deletes: [], holds: [] };
  expect(arrivals(lineOf({ room: 1, observed: never }), 1, 0.5)).toEqual([]);
  const noHolds = lineOf({ held: [{ seconds: 1, expiresIn: null }], observed: { ...never, creates: [30] } });
  expect(arrivals(noHolds, 1, 0.5)).toEqual([]);
});

test("a pool that makes nothing, or has no node that could, has no forecast", () => {
  expect(arrivals(lineOf({ room: 1, halted: true }), 1, 0.5)).toEqual([]);
  expect(arrivals(lineOf({ room: 1, slots: 0 }), 1, 0.5)).toEqual([]);
});

test("what still remains is read from those that took longer, and grows once nobody did", () => {
  const seen = [10, 20, 30, 40, 50];
  expect(remaining(seen, 0, 0.5)).toBe(30);
  expect(remaining(seen, 25, 0.5)).toBe(15);
  expect(remaining(seen, 45, 0.5)).toBe(5);
  expect(remaining(seen, 60, 0.5)).toBe(30);
  expect(remaining([], 60, 0.5)).toBe(Number.POSITIVE_INFINITY);
});

const seconds = fc.integer({ min: 0, max: 300 });
const some = fc.array(seconds, { maxLength: 6 });
const anyLine: fc.Arbitrary<Line> = fc.record({
  slots: fc.integer({ min: 0, max: 4 }),
  jobs: fc.array(
    fc.record({
      kind: fc.constantFrom("create", "delete"),
      isOurs: fc.boolean(),
      seconds: fc.option(seconds),
    }),
    { maxLength: 9 },
  ),
  held: fc.array(fc.record({ seconds, expiresIn: fc.option(fc.integer({ min: -9, max: 900 })) }), {
    maxLength: 9,
  }),
  room: fc.integer({ min: -2, max: 6 }),
  targetSize: fc.integer({ min: 0, max: 5 }),
  waiting: fc.integer({ min: 1, max: 20 }),
  halted: fc.boolean(),
  observed: fc.record({ creates: some, deletes: some, holds: some }),
});

test("whatever the pool does, the forecast ends and comes in order", () => {
  fc.assert(
    fc.property(anyLine, (line) => {
      const usual = arrivals(line, line.waiting, 0.5);
      expect(usual.length).toBeLessThanOrEqual(line.waiting);
      expect(usual).toEqual(usual.toSorted((one, other) => one - other));
      expect(usual.every((at) => at >= 0)).toBe(true);
    }),
  );
});

test("it comes to the same as sorting all that is due at every step, with ties too", () => {
  const quantile = fc.constantFrom(0.1, 0.5, 0.9);
  fc.assert(
    fc.property(anyLine, quantile, fc.nat(20), (line, at, count) => {
      expect(arrivals(line, count, at)).toEqual(naiveArrivals(line, count, at));
    }),
    { numRuns: 1000 },
  );
});

/** So many machines in testers' hands and as many testers who wait. */
function longLine(size: number): Line {
  const random = seeded(size);
  return lineOf({
    slots: 8,
    held: Array.from({ length: size }, () => ({ seconds: 3600 * random(), expiresIn: 9000 * random() })),
    waiting: size,
    targetSize: 10,
    observed: { creates: [30, 40, 60], deletes: [3, 4], holds: [600, 1200, 5000] },
  });
}

test.for([500, 2000, 8000])("its steps grow like n log n, with %i machines and as many who wait", (size) => {
  const { arrived, steps } = play(longLine(size), size, 0.5);
  expect(arrived).toHaveLength(size);
  expect(steps).toBeLessThan(6 * size * Math.log2(size));
});

test("a pool is played once for each quantile, however many of those who wait ask within a second", () => {
  let now = 0;
  let played = 0;
  const forecasts = new Forecasts(
    () => now,
    (...line) => {
      played += 1;
      return play(...line);
    },
  );
  const stance = { halted: false, targetSize: 10, maxSize: 500 };
  forecasts.keep("demo", stance, longLine(500));
  for (let position = 1; position <= 500; position += 1) {
    const forecast = forecasts.find("demo", stance, position);
    expect(forecast && queueEta(forecast, position).etaSeconds).toBeGreaterThan(0);
  }
  expect(played).toBe(3);
  expect(forecasts.find("demo", stance, 501), "somebody who came later").toBeNull();
  expect(forecasts.find("demo", { ...stance, halted: true }, 1), "a pool that was paused since").toBeNull();
  expect(forecasts.fresh()).toEqual(["demo"]);
  now = 1000;
  expect(forecasts.fresh()).toEqual([]);
});
