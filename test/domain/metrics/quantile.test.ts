import { expect, test } from "vitest";
import { added, type Bucket, quantileOf } from "../../../src/domain/metrics/quantile.ts";

test("a quantile lies where Prometheus puts it: evenly within its bucket", () => {
  const buckets: Bucket[] = [
    [1, 10],
    [5, 10],
    [null, 0],
  ];
  expect(quantileOf(buckets, 0.5)).toBe(1);
  expect(quantileOf(buckets, 0.75)).toBe(3);
  expect(quantileOf(buckets, 1)).toBe(5);
});

test("a value beyond all bounds → the last bound; no value → null", () => {
  expect(
    quantileOf(
      [
        [1, 0],
        [3600, 0],
        [null, 5],
      ],
      0.5,
    ),
  ).toBe(3600);
  expect(quantileOf([], 0.5)).toBeNull();
  expect(
    quantileOf(
      [
        [1, 0],
        [null, 0],
      ],
      0.95,
    ),
  ).toBeNull();
});

test("what was added is the difference, in the order of the bounds, and never less than nothing", () => {
  const before: Bucket[] = [
    [1, 4],
    [5, 2],
  ];
  const after: Bucket[] = [
    [null, 1],
    [5, 1],
    [1, 6],
  ];
  expect(added(before, after)).toEqual([
    [1, 2],
    [5, 0],
    [null, 1],
  ]);
});
