import { expect, test } from "vitest";
import { crowdOf, fairTime } from "../../../src/relay/time/fairTime.ts";

/** What the fair clock counts in 100 s that are looked at every second. */
function counted(crowd: number, lateMsEachSecond = 0): number {
  let now = 0;
  let lateMs = 0;
  const fair = fairTime({ now: () => now, lateMs: () => lateMs, crowd: () => crowd });
  fair();
  for (let n = 0; n < 100; n += 1) {
    now += 1000;
    lateMs += lateMsEachSecond;
    fair();
  }
  return fair() / 1000;
}

test.each([
  ["a host with nothing to do", 0, 0, 100],
  ["a task for each CPU", 1, 0, 100],
  ["four tasks for each CPU", 4, 0, 25],
  ["a hundred tasks for each CPU: a tenth, so that a part that hangs is found in the end", 100, 0, 10],
  ["timers of this process 750 ms late in each second", 1, 750, 25],
  ["a process that did not run at all", 1, 1000, 0],
])("fair time in 100 s: %s", (_host, crowd, lateMs, expected) => {
  expect(counted(crowd, lateMs)).toBeCloseTo(expected, 5);
});

test("fair time before its first reading counts for nothing", () => {
  let now = 0;
  const fair = fairTime({ now: () => now, lateMs: () => 0, crowd: () => 0 });
  now = 3_600_000;
  expect(fair()).toBe(0);
});

test.each([
  ["the tasks that run now, less the one that asks", "0.10 0.10 0.10 21/214 25177", 2, 10],
  ["the last minute's mean if that is more", "8.00 2.43 1.01 2/214 25177", 2, 4],
  ["an idle host", "0.00 0.00 0.00 1/214 25177", 2, 0],
  ["no such file", "", 2, 0],
])("tasks for each CPU: %s", (_what, loadavg, cpus, expected) => {
  expect(crowdOf(loadavg, cpus)).toBe(expected);
});
