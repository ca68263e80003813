import { expect, test } from "vitest";
import { Gate } from "../../../src/relay/time/gate.ts";
import { testClock } from "../../helpers/testClock.ts";

test("gate: full → first come, first served; left twice → one place is free", async () => {
  const gate = new Gate(2, null);
  const [first, second] = [await gate.enter(), await gate.enter()];
  const order: string[] = [];
  const third = gate.enter().then((leave) => (order.push("third"), leave));
  const fourth = gate.enter().then((leave) => (order.push("fourth"), leave));
  first();
  first();
  await third;
  expect(order).toEqual(["third"]);
  second();
  await fourth;
  expect(order).toEqual(["third", "fourth"]);
});

test("gate: whoever stays too long keeps nobody out, and what leaves late frees no second place", async () => {
  const clock = testClock();
  const gate = new Gate(1, 500, clock.after);
  const silent = await gate.enter();
  let entered = 0;
  for (const _ of [1, 2]) void gate.enter().then(() => (entered += 1));
  await clock.advance(499);
  expect(entered).toBe(0);
  await clock.advance(1);
  expect(entered).toBe(1);
  silent();
  await clock.advance(1);
  expect(entered).toBe(1);
});
