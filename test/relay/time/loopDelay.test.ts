import { expect, test } from "vitest";
import { LoopDelay } from "../../../src/relay/time/loopDelay.ts";
import { testClock } from "../../helpers/testClock.ts";

test("loop delay: timers that fire in time are not late", async () => {
  const clock = testClock();
  const delay = new LoopDelay(clock);
  expect(delay.lateMs).toBe(0);
  await clock.advance(60_000);
  expect(delay.lateMs).toBe(0);
});

test("loop delay: what a stalled process was late adds up, and is known before its timer has fired", async () => {
  const clock = testClock();
  const delay = new LoopDelay(clock);
  expect(delay.lateMs).toBe(0);
  let duringTheStall = 0;
  clock.after(50, () => (duringTheStall = delay.lateMs));
  await clock.stall(5000);
  expect(duringTheStall).toBe(4900);
  expect(delay.lateMs).toBe(4900);
  await clock.advance(1000);
  await clock.stall(2000);
  expect(delay.lateMs).toBe(4900 + 1900);
});

test("loop delay: a timer that is late by a little is on time, and so are many of them", async () => {
  const clock = testClock();
  const delay = new LoopDelay(clock);
  expect(delay.lateMs).toBe(0);
  for (let stalls = 0; stalls < 50; stalls += 1) await clock.stall(115);
  expect(delay.lateMs).toBe(0);
  await clock.stall(100);
  await clock.stall(250);
  expect(delay.lateMs).toBe(150);
});
