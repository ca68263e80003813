import { expect, test } from "vitest";
import { p95, trace, updatesOf } from "../../../verify/harness/trace.ts";

/** A trace as Chromium writes it: times in microseconds; the page's main thread is 7, another one 8. */
const event = (name: string, ts: number, dur = 0, more: object = {}) => ({
  ...{ name, ts, dur, pid: 1, tid: 7, cat: "x", ph: "X" },
  ...more,
});
const mark = (ts: number) => event("update", ts);
const task = (ts: number, dur: number, more?: object) => event("RunTask", ts, dur, more);
const frame = (ts: number) => event("Commit", ts);
const read = (...traceEvents: object[]) => updatesOf(trace.parse({ traceEvents }), "update");

test("updatesOf: tasks between two marks → all of an update's work, and that for its largest frame", () => {
  const updates = read(
    ...[task(0, 90_000), mark(100_000)],
    ...[task(101_000, 3000), task(105_000, 4000), frame(110_100), task(110_000, 2000)],
    ...[task(120_000, 5000), frame(126_000), task(126_000, 1000)],
    ...[mark(200_000), task(201_000, 500), frame(202_000), mark(300_000), task(301_000, 70_000)],
  );
  expect(updates).toEqual([
    { allMs: 15, frameMs: 9 },
    { allMs: 0.5, frameMs: 0.5 },
  ]);
});

test("updatesOf: the processor's time, of the page's main thread alone", () => {
  const updates = read(
    ...[
      mark(0),
      task(1000, 9000, { tdur: 2000 }),
      task(2000, 8000, { tid: 8 }),
      task(3000, 8000, { pid: 2 }),
    ],
    mark(20_000),
  );
  expect(updates).toEqual([{ allMs: 2, frameMs: 2 }]);
});

test("updatesOf: no mark → an error, not an update without work", () => {
  expect(() => read(task(0, 1000))).toThrow("no mark");
});

test("p95: the value that 95 % do not exceed", () => {
  expect(p95(Array.from({ length: 20 }, (_, n) => n + 1))).toBe(19);
  expect(p95([3])).toBe(3);
});
