import { expect, test } from "vitest";
import { createLimiter } from "../../../src/api/http/limiter.ts";

test("a token has its minute's calls at once, then one at a time as they come back", () => {
  let now = 0;
  const limiter = createLimiter(() => now);
  const taken = Array.from({ length: 60 }, () => limiter.take("a", 60));
  expect(taken.every((wait) => wait === 0)).toBe(true);
  expect(limiter.take("a", 60)).toBe(1);
  expect(limiter.take("b", 60)).toBe(0);
  now = 999;
  expect(limiter.take("a", 60)).toBe(1);
  now = 1000;
  expect(limiter.take("a", 60)).toBe(0);
  expect(limiter.take("a", 60)).toBe(1);
  now = 3_600_000;
  expect(Array.from({ length: 61 }, () => limiter.take("a", 60)).filter((wait) => wait > 0)).toHaveLength(1);
});

test("a rate below one a second says how long to wait", () => {
  const limiter = createLimiter(() => 0);
  expect(limiter.take("a", 2)).toBe(0);
  expect(limiter.take("a", 2)).toBe(0);
  expect(limiter.take("a", 2)).toBe(30);
});

test("a clock that goes back gives nothing away, and strangers do not fill the memory for ever", () => {
  let now = 10_000;
  const limiter = createLimiter(() => now);
  expect(limiter.take("a", 1)).toBe(0);
  now = 0;
  expect(limiter.take("a", 1)).toBe(60);
  for (let n = 0; n < 10_000; n += 1) limiter.take(`stranger${n}`, 1);
  expect(limiter.take("a", 1)).toBe(0);
});
