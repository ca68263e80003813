import { expect, test } from "vitest";
import { exporter } from "../../src/traces/exporter.ts";
import { exportRequest } from "../../src/traces/otlp.ts";
import { type Ended, KIND } from "../../src/traces/span.ts";
import { until } from "../helpers/until.ts";
import { type Collector, startCollector } from "./collector.ts";

const ended = (n: number): Ended => ({
  context: { traceId: "a".repeat(32), spanId: n.toString(16).padStart(16, "0"), sampled: true },
  parent: null,
  name: `span ${n}`,
  kind: KIND.internal,
  startMs: 1_796_119_781_585,
  endMs: 1_796_119_781_586.25,
  attributes: { n },
  error: null,
});

function started({ endpoint }: Collector, times: object = {}) {
  const dropped: [count: number, why: string][] = [];
  const out = exporter({
    url: `${endpoint}/v1/traces`,
    headers: { "x-key": "of the collector" },
    encode: (spans) => exportRequest({ "service.name": "test" }, spans),
    onDropped: (count, why) => dropped.push([count, why]),
    times: { gather: 0, firstRetry: 1, longestRetry: 1, ...times },
  });
  return { ...out, dropped };
}

test("exporter: a span → sent as the specification has it, with the headers and to the microsecond", async () => {
  await using collector = await startCollector();
  const { add, close, dropped } = started(collector);
  add(ended(1));
  await until("the span", () => collector.spans.length === 1);
  expect(collector.spans[0]).toMatchObject({
    service: "test",
    name: "span 1",
    attributes: { n: "1" },
    start: 1_796_119_781_585_000_000n,
    end: 1_796_119_781_586_250_000n,
  });
  expect(collector.requests[0]).toMatchObject({
    path: "/v1/traces",
    headers: { "content-type": "application/json", "x-key": "of the collector" },
  });
  await close(1000);
  expect(dropped).toEqual([]);
});

test("exporter: 503, then 429 → the same request is sent again until it is taken, each span once", async () => {
  await using collector = await startCollector();
  collector.answers.push(503, 429);
  const { add, dropped } = started(collector);
  add(ended(1));
  await until("the span", () => collector.spans.length === 1);
  expect(new Set(collector.requests.map(({ body }) => body)).size).toBe(1);
  expect(collector.requests).toHaveLength(3);
  expect(dropped).toEqual([]);
});

test("exporter: 400 → dropped and counted; the next span is sent", async () => {
  await using collector = await startCollector();
  collector.answers.push(400);
  const { add, dropped } = started(collector);
  add(ended(1));
  await until("the drop", () => dropped.length === 1);
  add(ended(2));
  await until("the next span", () => collector.spans.length === 1);
  expect(dropped).toEqual([[1, "the collector responded with 400"]]);
});

test("exporter: a collector that never answers → given up after the time limit and six tries", async () => {
  await using collector = await startCollector();
  collector.answers.push(...Array.from({ length: 6 }, () => "hang" as const));
  const { add, dropped } = started(collector, { timeout: 20 });
  add(ended(1));
  await until("the drop", () => dropped.length === 1);
  expect(dropped).toEqual([[1, "the collector did not respond within 0.02 s"]]);
  expect(collector.requests).toHaveLength(6);
});

test("exporter: more spans than the queue has room for → 2048 are sent, in batches of 512, the others counted", async () => {
  await using collector = await startCollector();
  const { add, close, dropped } = started(collector);
  for (let n = 1; n <= 2100; n += 1) add(ended(n));
  await close(20_000);
  expect(collector.spans.map(({ name }) => name)).toEqual(
    Array.from({ length: 2048 }, (_, n) => `span ${n + 1}`),
  );
  expect(collector.requests).toHaveLength(4);
  expect(dropped).toEqual([
    [1, "the queue is full"],
    [52, "the last ones at its end"],
  ]);
});

test("exporter: closed → sends at once what waits; a collector that hangs delays the end by the grace alone", async () => {
  await using collector = await startCollector();
  const waiting = started(collector, { gather: 3_600_000 });
  waiting.add(ended(1));
  await waiting.close(20_000);
  expect(collector.spans).toHaveLength(1);

  collector.answers.push("hang");
  const hanging = started(collector, { gather: 3_600_000 });
  hanging.add(ended(2));
  await hanging.close(10);
  hanging.add(ended(3));
  expect(hanging.dropped[0]).toEqual([1, "the collector could not be reached"]);
});

test("exporter: a redirect → not followed, because the headers may be secrets", async () => {
  await using elsewhere = await startCollector();
  await using collector = await startCollector();
  collector.answers.push({ redirectTo: elsewhere.endpoint });
  const { add, dropped } = started(collector);
  add(ended(1));
  await until("an end of it", () => dropped.length + elsewhere.requests.length > 0);
  expect(elsewhere.requests).toEqual([]);
  expect(dropped).toHaveLength(1);
});
