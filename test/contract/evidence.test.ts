import { expect, test } from "vitest";
import { operationResult } from "../../src/contract/operationResult.ts";
import { capped } from "../../src/relay/text.ts";

const takes = (evidence: Record<string, string>) =>
  operationResult.safeParse({
    outcome: "create_failed",
    reason: "never_ready",
    message: "it never got ready",
    evidence,
  }).success;

const texts = (count: number, length: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`text ${n}`, "x".repeat(length)]));

test.each<[string, Record<string, string>, boolean]>([
  ["one text of 64 KiB", texts(1, 65_536), true],
  ["one that is longer", texts(1, 65_537), false],
  ["20 of a fair share", texts(20, 3276), true],
  ["two of 64 KiB", texts(2, 65_536), false],
  ["21", texts(21, 1), false],
])("evidence of a failed create is 64 KiB at most, over all its texts: %s", (_, evidence, isTaken) => {
  expect(takes(evidence)).toBe(isTaken);
});

test.each([1, 3, 20, 100])("what a relay sends of %i texts without end is taken", (count) => {
  expect(takes(capped(texts(count, 100_000)))).toBe(true);
});
