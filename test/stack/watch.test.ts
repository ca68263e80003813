import { expect, test } from "vitest";
import { fairTime } from "../../src/relay/time/fairTime.ts";
import { LoopDelay } from "../../src/relay/time/loopDelay.ts";
import { identify } from "../../src/stack/processes.ts";
import { watchPart } from "../../src/stack/watch.ts";
import { testClock } from "../helpers/testClock.ts";

/** A part whose process runs, watched on a clock and a host of the test's. */
function watching() {
  const clock = testClock();
  const delay = new LoopDelay(clock);
  const host = { crowd: 0 };
  const fairNow = fairTime({ now: clock.now, lateMs: () => delay.lateMs, crowd: () => host.crowd });
  const part = { answer: "silent" as "alive" | "silent", verdict: null as string | null, lostAt: 0 };
  const stopping = new AbortController();
  const start = clock.now();
  const watched = watchPart(
    { ask: async () => part.answer, startSeconds: 20, silentSeconds: 15 },
    identify(process.pid),
    new Promise(() => undefined),
    () => undefined,
    { clock, fairNow },
    stopping.signal,
  );
  const over = (async () => {
    part.verdict = await watched;
    part.lostAt = (clock.now() - start) / 1000;
  })();
  return {
    clock,
    host,
    part,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await clock.advance(0);
      await over;
    },
  };
}

test("on a quiet host: a part that never answers is lost after its time to start", async () => {
  await using watched = watching();
  await watched.clock.advance(19_000);
  expect(watched.part.verdict).toBeNull();
  await watched.clock.advance(2000);
  expect(watched.part).toMatchObject({ verdict: "has not responded for 20 s" });
  expect(watched.part.lostAt).toBeCloseTo(20.1, 0);
});

test("on a quiet host: a part that hangs is lost after its time to be silent", async () => {
  await using watched = watching();
  watched.part.answer = "alive";
  await watched.clock.advance(100_000);
  watched.part.answer = "silent";
  await watched.clock.advance(14_000);
  expect(watched.part.verdict).toBeNull();
  await watched.clock.advance(3000);
  expect(watched.part.verdict).toMatch(/^has not responded for 1[56] s$/);
});

test("five tasks for each CPU: a part that needs five times its time to start is not lost, one that hangs is", async () => {
  await using watched = watching();
  watched.host.crowd = 5;
  await watched.clock.advance(99_000);
  expect(watched.part.verdict).toBeNull();
  watched.part.answer = "alive";
  await watched.clock.advance(1000);
  watched.part.answer = "silent";
  await watched.clock.advance(70_000);
  expect(watched.part.verdict).toBeNull();
  await watched.clock.advance(10_000);
  expect(watched.part.verdict).toMatch(/^has not responded/);
});

test("however busy the host: a part that hangs is lost after ten times its time", async () => {
  await using watched = watching();
  watched.host.crowd = 1000;
  watched.part.answer = "alive";
  await watched.clock.advance(1000);
  watched.part.answer = "silent";
  await watched.clock.advance(148_000);
  expect(watched.part.verdict).toBeNull();
  await watched.clock.advance(10_000);
  expect(watched.part.verdict).toMatch(/^has not responded/);
});

test("a supervisor that was stopped for an hour takes no part for lost, and one that hangs after its time", async () => {
  await using watched = watching();
  watched.part.answer = "alive";
  await watched.clock.advance(10_000);
  watched.part.answer = "silent";
  await watched.clock.stall(3_600_000);
  await watched.clock.advance(10_000);
  expect(watched.part.verdict).toBeNull();
  await watched.clock.advance(10_000);
  expect(watched.part.verdict).toMatch(/^has not responded for 1[56] s$/);
});

test("a supervisor that hardly runs: only the time in which its timers were on time counts", async () => {
  await using watched = watching();
  watched.part.answer = "alive";
  await watched.clock.advance(10_000);
  watched.part.answer = "silent";
  for (let n = 0; n < 10; n += 1) {
    await watched.clock.stall(9000);
    await watched.clock.advance(1000);
  }
  expect(watched.part.verdict).toBeNull();
});
