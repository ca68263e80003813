import { expect, test } from "vitest";
import { csvText } from "../../../src/cli/terminal/csv.ts";

test.each([
  [[["a", "b"]], "a,b\r\n"],
  [[["a b", 1, true, null]], "a b,1,true,\r\n"],
  [[['say "no"', "one, two"]], '"say ""no""","one, two"\r\n'],
  [[[" a", "b "]], '" a","b "\r\n'],
  [[[""], [null]], '""\r\n""\r\n'],
  [[], ""],
])("CSV: %j → RFC 4180", (records, text) => {
  expect(csvText(records)).toBe(text);
});

test("CSV: a cell that a terminal would obey → escaped, and one record is one line", () => {
  expect(csvText([["a\u001b[2J", "b\r\nc", "\u009b\u202e"]])).toBe(
    "a\\u001b[2J,b\\u000d\\u000ac,\\u009b\\u202e\r\n",
  );
});
