import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arrivals, type Line, remaining } from "../../src/pool/forecast.ts";

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

test("whatever the pool does, the forecast ends and comes in order", () => {
  const seconds = fc.integer({ min: 1, max: 300 });
  const some = fc.array(seconds, { maxLength: 6 });
  const anyLine = fc.record({
    slots: fc.integer({ min: 0, max: 4 }),
    jobs: fc.array(
      fc.record({
        kind: fc.constantFrom("create", "delete"),
        isOurs: fc.boolean(),
        seconds: fc.option(seconds),
      }),
      { maxLength: 6 },
    ),
    held: fc.array(fc.record({ seconds, expiresIn: fc.option(fc.integer({ min: -9, max: 900 })) }), {
      maxLength: 6,
    }),
    room: fc.integer({ min: -2, max: 6 }),
    targetSize: fc.integer({ min: 0, max: 5 }),
    waiting: fc.integer({ min: 1, max: 10 }),
    halted: fc.boolean(),
    observed: fc.record({ creates: some, deletes: some, holds: some }),
  });
  fc.assert(
    fc.property(anyLine, (line) => {
      const usual = arrivals(line, line.waiting, 0.5);
      expect(usual.length).toBeLessThanOrEqual(line.waiting);
      expect(usual).toEqual(usual.toSorted((one, other) => one - other));
      expect(usual.every((at) => at >= 0)).toBe(true);
    }),
  );
});
