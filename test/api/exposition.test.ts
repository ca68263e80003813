import { expect, test } from "vitest";
import { expose } from "../../src/api/exposition.ts";

test("label values are escaped: a quote, a backslash and a line break", () => {
  const text = expose([{ metric: "warmpool_pool_target", labels: { pool: 'a"b\\c\nd' }, value: 3 }]);
  expect(text).toContain(String.raw`warmpool_pool_target{pool="a\"b\\c\nd"} 3` + "\n");
});

test("a histogram's buckets are added up, to the count of all of it", () => {
  const text = expose([
    {
      metric: "warmpool_ready_seconds",
      labels: { pool: "demo" },
      buckets: [
        { le: 1, count: 2 },
        { le: 5, count: 0 },
        { le: Infinity, count: 1 },
      ],
      sum: 12.5,
    },
  ]);
  const lines = text.split("\n").filter((line) => line.startsWith("warmpool_ready_seconds"));
  expect(lines).toEqual([
    'warmpool_ready_seconds_bucket{pool="demo",le="1"} 2',
    'warmpool_ready_seconds_bucket{pool="demo",le="5"} 2',
    'warmpool_ready_seconds_bucket{pool="demo",le="+Inf"} 3',
    'warmpool_ready_seconds_sum{pool="demo"} 12.5',
    'warmpool_ready_seconds_count{pool="demo"} 3',
  ]);
});

test("each metric is described once, and the text ends with a line break", () => {
  const text = expose([]);
  const described = text.split("\n").filter((line) => line.startsWith("# TYPE "));
  expect(new Set(described).size).toBe(described.length);
  expect(described.length).toBeGreaterThan(10);
  expect(text.endsWith("\n")).toBe(true);
});
