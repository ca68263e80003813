import { expect, test } from "vitest";
import { clean, cleanLines, fit, pad, width, wrap } from "../../../src/cli/terminal/text.ts";

test.each([
  ["plain", "plain"],
  ["\u001b[31mred\u001b[0m", "\\u001b[31mred\\u001b[0m"],
  ["two\nlines\r\nand\ttab\n", "two ⏎lines ⏎and tab"],
  ["bell\u0007 and delete\u007f", "bell\\u0007 and delete\\u007f"],
  ["\u001b]0;title\u0007after", "\\u001b]0;title\\u0007after"],
  ["\u009b2Jcleared", "\\u009b2Jcleared"],
  ["a\u202eb\u2066c\u200fd\u061ce", "a\\u202eb\\u2066c\\u200fd\\u061ce"],
  ["one\u2028two\u2029three\u0085four", "one\\u2028two\\u2029three\\u0085four"],
  ["no\ufeffthing\u00ad to \u200bsee", "no\\ufeffthing\\u00ad to \\u200bsee"],
  ["a tag \u{e0041} and half \ud800", "a tag \\udb40\\udc41 and half \\ud800"],
  ["family \u{1F468}\u200D\u{1F469}", "family \u{1F468}\u200D\u{1F469}"],
])("clean(%j)", (dirty, expected) => {
  expect(clean(dirty)).toBe(expected);
});

test("lines keep their ends and tabs, a redrawn line becomes lines", () => {
  expect(cleanLines("a\r\nb\tc\n10%\r20%\r\u001b[2Kdone\n")).toBe("a\nb\tc\n10%\n20%\ndone\n");
  expect(cleanLines("\u001b[1;31mred\u001b[0m \u009b2J\u001b]0;t\u0007 \u202e\u2028")).toBe(
    "red \\u009b2J\\u001b]0;t\\u0007 \\u202e\\u2028",
  );
});

test.each([
  ["abc", 3],
  ["日本", 4],
  ["e\u0301", 1],
  ["🚀", 2],
  ["", 0],
])("width(%j)", (text, columns) => {
  expect(width(text)).toBe(columns);
});

test.each([
  ["short", 10, "short"],
  ["exactly ten", 11, "exactly ten"],
  ["a long title", 8, "a long…"],
  ["日本語の題", 6, "日本…"],
  ["anything", 1, "…"],
  ["anything", 0, ""],
])("fit(%j, %i)", (text, columns, expected) => {
  expect(fit(text, columns)).toBe(expected);
  expect(width(fit(text, columns))).toBeLessThanOrEqual(columns);
});

test("padding counts columns, on either side", () => {
  expect(pad("日", 4)).toBe("日  ");
  expect(pad("7", 3, "right")).toBe("  7");
});

test("wrapped text keeps to its columns but never breaks a word", () => {
  expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrap("see http://127.0.0.1:8787/a/long/path now", 10)).toEqual([
    "see",
    "http://127.0.0.1:8787/a/long/path",
    "now",
  ]);
  expect(wrap("try `npx warmpool status` now", 12)).toEqual(["try", "`npx warmpool status`", "now"]);
  expect(wrap("an odd ` alone", 8)).toEqual(["an odd `", "alone"]);
});
