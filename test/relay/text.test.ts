import { expect, test } from "vitest";
import { secondsText } from "../../src/relay/text.ts";

test.each([
  [0.21454830799999763, "0.2 s"],
  [10, "10 s"],
  [1.96, "2 s"],
  [0.0312, "less than 0.1 s"],
  [4.25, "4.3 s"],
])("%d seconds are said as %s", (seconds, text) => {
  expect(secondsText(seconds)).toBe(text);
});
