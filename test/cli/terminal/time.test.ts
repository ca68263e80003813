import { expect, test } from "vitest";
import { ago, duration, parseDays, parseDuration, stopwatch } from "../../../src/cli/terminal/time.ts";

test.each([
  ["90s", 90],
  ["30m", 1800],
  ["2h", 7200],
  ["7d", 604_800],
  ["1h30m", 5400],
])("parseDuration(%j)", (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each(["", "2", "h", "2 h", "-1h", "1.5h", "2w", "2h!", "999999999999999d"])(
  "%j is no duration",
  (text) => {
    expect(() => parseDuration(text)).toThrow(`"${text}" is not a duration.`);
  },
);

test("parseDays: whole days → their number, anything else → refused", () => {
  expect([parseDays("30d"), parseDays("48h")]).toEqual([30, 2]);
  expect(() => parseDays("36h")).toThrow('"36h" is no whole number of days. Write it as 30d.');
  expect(() => parseDays("thirty")).toThrow('"thirty" is not a duration.');
});

test.each([
  [0, "0s"],
  [59.4, "59s"],
  [60, "1m"],
  [200, "3m 20s"],
  [7500, "2h 5m"],
  [270_000, "3d 3h"],
  [-5, "0s"],
])("duration(%d)", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test.each([
  [7.9, "0:07"],
  [750, "12:30"],
  [3723, "1:02:03"],
])("stopwatch(%d)", (seconds, text) => {
  expect(stopwatch(seconds)).toBe(text);
});

test("ago", () => {
  const now = Date.parse("2026-11-24T10:00:00.000Z");
  expect(ago("2026-11-24T09:58:50.000Z", now)).toBe("1m 10s ago");
  expect(ago(null, now)).toBe("-");
});
