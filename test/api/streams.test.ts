import { expect, test } from "vitest";
import { createStreams, SILENT_MS } from "../../src/api/streams.ts";

/** Places for event streams, of which a token has two here. */

const going = () => new AbortController();

test("a place is free again when its stream has ended, once however often that is said", () => {
  const streams = createStreams();
  const [one, two] = [going(), going()].map(({ signal }) => streams.open("t", 2, signal));
  expect([streams.isFull("t", 2), streams.isFull("u", 2)]).toEqual([true, false]);
  expect(streams.open("t", 2, going().signal)).toBeNull();
  one?.end();
  one?.end();
  expect(streams.isFull("t", 1)).toBe(true);
  two?.end();
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

test("a place of which nothing more is heard is free after a while, and one that is served is not", () => {
  let now = 0;
  const streams = createStreams(() => now);
  const served = streams.open("t", 2, going().signal);
  streams.open("t", 2, going().signal);
  for (let looks = 0; looks < 5; looks += 1) {
    now += SILENT_MS / 4;
    expect(streams.isFull("t", 2)).toBe(looks < 4);
    served?.beat();
  }
  expect(streams.isFull("t", 1)).toBe(true);
});
