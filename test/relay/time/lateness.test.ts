import { expect, test } from "vitest";
import { afterServed, ownSlowness, watchSelf } from "../../../src/relay/time/lateness.ts";

/** Blocks this process's one thread. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test.each([
  ["on time, on an idle host", { elapsedMs: 4000, lateMs: 0, load: 0.5 }, null],
  ["a little late", { elapsedMs: 4000, lateMs: 1000, load: 3 }, null],
  ["late for a moment of a short wait", { elapsedMs: 300, lateMs: 150, load: 3 }, null],
  ["late for most of the wait", { elapsedMs: 4000, lateMs: 3000, load: 1 }, /delayed by 3\.0 s in 4\.0 s/],
  [
    "many more programs than processors",
    { elapsedMs: 4000, lateMs: 0, load: 12 },
    /12 runnable processes for each processor/,
  ],
])("A2 a wait that was %s", (_, disturbances, why) => {
  const slowness = ownSlowness(disturbances);
  if (why === null) expect(slowness).toBeNull();
  else expect(slowness).toMatch(why);
});

test("A2 time in which this process was blocked is no time that somebody else was given", async () => {
  const watch = watchSelf();
  const began = performance.now();
  const over = new Promise<void>((resolve) => afterServed(300, resolve));
  block(1200);
  await over;
  // Blocked for 1.2 s, the wait goes on for most of its 0.3 s afterwards.
  expect(performance.now() - began).toBeGreaterThan(1200 + 150);
  expect(ownSlowness({ ...watch(), load: 0 })).toMatch(/^this relay was delayed by 1\./);
});

test("A2 what arrived while this process was blocked is read before the wait is over", async () => {
  const order: string[] = [];
  const over = new Promise<void>((resolve) =>
    afterServed(100, () => {
      order.push("given up");
      resolve();
    }),
  );
  setTimeout(() => setTimeout(() => order.push("answer"), 20), 50);
  block(600);
  await over;
  expect(order).toEqual(["answer", "given up"]);
});

test("A2 a wait that is called off does nothing, and a process that is blocked for ever is not waited for", async () => {
  let called = 0;
  afterServed(10, () => (called += 1))();
  const began = performance.now();
  let isOver = false;
  afterServed(100, () => (isOver = true));
  while (!isOver) {
    block(250);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  expect(performance.now() - began).toBeLessThan(5000);
  expect(called).toBe(0);
});
