import { once } from "node:events";
import { expect, test } from "vitest";
import { crowdOf, deadline, Patience } from "./patience.ts";

/** How long it lasts by the clock, looked at every second, on a machine with so many tasks for each CPU. */
function lasts(seconds: number, crowd: number, lateMs = 0): number {
  let now = 0;
  const patience = new Patience(seconds, { now: () => now, crowd: () => crowd });
  do now += 1000;
  while (!patience.isOver(lateMs));
  return now / 1000;
}

test.each([
  ["an idle machine", 0, 0, 30],
  ["a machine with a task for each CPU", 1, 0, 30],
  ["four tasks for each CPU", 4, 0, 120],
  ["a hundred tasks for each CPU: ten times, and no more", 100, 0, 300],
  ["timers that fire half a second late in each", 1, 500, 60],
  ["a process that hardly runs: ten times, and no more", 1, 990, 300],
])("patience of 30 s: %s", (_machine, crowd, lateMs, expected) => {
  expect(lasts(30, crowd, lateMs)).toBeCloseTo(expected, -1);
});

test("an error says how long the wait was where that was longer than asked for", () => {
  let now = 0;
  const patience = new Patience(30, { now: () => now, crowd: () => 4 });
  now = 31_000;
  expect(patience.words).toBe("30 s");
  now = 120_000;
  expect(patience.words).toBe("30 s (120 s on this busy machine)");
});

test.each([
  ["5.93 2.43 1.01 7/214 25177", 2, 3],
  ["0.10 0.10 0.10 21/214 25177", 2, 10],
  ["0.00 0.00 0.00 1/214 25177", 2, 0],
  ["", 2, 0],
])("tasks for each CPU in %j on %d CPUs: %d", (loadavg, cpus, expected) => {
  expect(crowdOf(loadavg, cpus)).toBeCloseTo(expected, 1);
});

test("deadlines: each is over by itself, with a reason that says how long it was", async () => {
  const [short, long] = [deadline(0.01), deadline(600)];
  await once(short, "abort");
  expect(short.reason).toMatchObject({
    name: "TimeoutError",
    message: expect.stringMatching(/^It was not done within 0\.01 s/) as string,
  });
  expect(long.aborted).toBe(false);
});
