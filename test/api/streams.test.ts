import { expect, test } from "vitest";
import { createStreams, LONGEST_STREAM_MS } from "../../src/api/streams.ts";

/** Places for event streams, of which a token has two here. */

const going = () => new AbortController();

test("a place is free again when its stream has ended, once however often that is said", () => {
  const streams = createStreams();
  const [one, two] = [going(), going()].map(({ signal }) => streams.open("t", 2, signal));
  expect([streams.isFull("t", 2), streams.isFull("u", 2)]).toEqual([true, false]);
  expect(streams.open("t", 2, going().signal)).toBeNull();
  one?.();
  one?.();
  expect(streams.isFull("t", 1)).toBe(true);
  two?.();
  expect(streams.isFull("t", 1)).toBe(false);
});

test("a place is free as soon as its caller has left, though nothing ends the stream", () => {
  const streams = createStreams();
  const caller = going();
  const gone = AbortSignal.abort();
  streams.open("t", 1, caller.signal);
  expect(streams.isFull("t", 1)).toBe(true);
  caller.abort();
  expect(streams.isFull("t", 1)).toBe(false);
  streams.open("t", 1, gone);
  expect(streams.isFull("t", 1)).toBe(false);
});

test("a place of which nothing more is heard is free when its stream must be over", () => {
  let now = 0;
  const streams = createStreams(() => now);
  streams.open("t", 1, going().signal);
  now = LONGEST_STREAM_MS;
  expect(streams.isFull("t", 1)).toBe(true);
  now += 61_000;
  expect(streams.isFull("t", 1)).toBe(false);
});
