import { expect, test } from "vitest";
import { unnamedShift, unnamedText } from "../../../src/cli/views/unnamedText.ts";

const command = (...words: string[]) => ["npx warmpool", ...words].join(" ");
const pools = (names: string[], chosen: string | null) =>
  names.map((name) => ({ name, isDefault: name === chosen }));
const both = ["demo", "second"];

test("another default → says from which pool to which, for whom, and how to undo it", () => {
  const text = unnamedText(pools(both, "demo"), pools(both, "second"), command);
  expect(text).toEqual([
    "Calls that name no pool now use second instead of demo. This applies to your app and to every verb without --pool.",
    "Testers of demo keep their machines; such calls find them only if they name the pool: `npx warmpool tester USER --pool demo`",
    "To undo this: `npx warmpool pool default demo`",
  ]);
});

test.each([
  [
    pools(both, null),
    pools(both, "demo"),
    /^Calls that name no pool now use demo; before, they were refused\.$/,
  ],
  [pools(both, "demo"), pools(both, "demo"), /^Calls that name no pool use demo, as before\.$/],
  [pools(["demo"], null), pools(["demo"], "demo"), / use demo, as before\.$/],
  [pools(both, "demo"), pools(["second"], null), / now use second instead of demo\.$/],
  [pools(["demo"], "demo"), [], / are now refused; before, they used demo\.$/],
])("from %j to %j: one sentence", (before, after, words) => {
  expect(unnamedText(before, after, command)).toEqual([expect.stringMatching(words)]);
});

test("what a removal would change for them, and nothing where it changes nothing", () => {
  expect(unnamedShift(pools(both, "demo"), pools(["second"], null))).toBe(
    "Calls that name no pool would use second.",
  );
  expect(unnamedShift(pools([...both, "third"], "third"), pools(both, null))).toBe(
    "Calls that name no pool would be refused.",
  );
  expect(unnamedShift(pools(both, "demo"), pools(["demo"], "demo"))).toBeNull();
});
