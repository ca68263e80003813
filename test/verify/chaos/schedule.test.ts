import { expect, test } from "vitest";
import { FAULT_KINDS, FAULTS, planFaults } from "../../../verify/chaos/schedule.ts";

test("the same seed gives the same schedule, another seed another one", () => {
  expect(planFaults(7, 10)).toEqual(planFaults(7, 10));
  expect(planFaults(7, 10)).not.toEqual(planFaults(8, 10));
});

test("a longer run begins as the shorter one of that seed", () => {
  const short = planFaults(7, 2);
  expect(planFaults(7, 10).slice(0, short.length)).toEqual(short);
});

test("faults are in order, within the time, and each lasts as its kind does", () => {
  const planned = planFaults(3, 10);
  expect(planned.map(({ at }) => at)).toEqual(planned.map(({ at }) => at).toSorted((a, b) => a - b));
  for (const { at, kind, pick, seconds } of planned) {
    expect(at).toBeLessThan(600);
    expect(pick).toBeGreaterThanOrEqual(0);
    expect(pick).toBeLessThan(1);
    const [low, high] = FAULTS[kind].lasts;
    expect(seconds).toBeGreaterThanOrEqual(low);
    expect(seconds).toBeLessThanOrEqual(high);
  }
});

test("every kind comes once before one comes twice", () => {
  const first = planFaults(11, 10)
    .slice(0, FAULT_KINDS.length)
    .map(({ kind }) => kind);
  expect(first.toSorted()).toEqual(FAULT_KINDS.toSorted());
});

test("only the kinds that were asked for", () => {
  const kinds = new Set(planFaults(1, 5, ["relay_killed", "machine_frozen"]).map(({ kind }) => kind));
  expect(kinds).toEqual(new Set(["relay_killed", "machine_frozen"]));
});
