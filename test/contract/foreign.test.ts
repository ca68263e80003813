import { expect, test, vi } from "vitest";
import { cleaned, escaped, printableJson } from "../../src/contract/foreign.ts";
import { log as edgeLog } from "../../src/domain/core/log.ts";
import { logLine } from "../../src/relay/log.ts";

const FOREIGN =
  "a\u0000\u001b[2J\u007f\u0085\u009b\u00ad\u061c\u200e\u202e\u2028\u2029\u2066\ufeff\u{e0041}\ud800b";
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/u;

test("what a terminal would obey is an escape, every other character is itself", () => {
  expect(escaped(FOREIGN)).not.toMatch(UNSEEN);
  for (const text of ["plain", "日本語", "é e\u0301", "\u{1F468}\u200D\u{1F469}", "می\u200cخواهم", "\\u001b"])
    expect(escaped(text)).toBe(text);
  expect(escaped("a\n\tb\r\u001b", "\n\t")).toBe("a\n\tb\\u000d\\u001b");
  expect(cleaned("a\t\u001b\n\u202eb")).toBe("a\t\uFFFD\uFFFD\uFFFDb");
});

test("JSON with escapes is the same JSON", () => {
  const value = { [FOREIGN]: [FOREIGN, 1, null], plain: "a\nb" };
  for (const indent of [undefined, 2]) {
    const text = printableJson(value, indent);
    expect(text.replaceAll("\n", "")).not.toMatch(UNSEEN);
    expect(JSON.parse(text)).toEqual(value);
  }
  expect(printableJson(undefined)).toBe("null");
});

test("a line of the relay's log and of the edge's is one line of letters", () => {
  const line = logLine(new Date(0), "warn", `text ${FOREIGN}\nsecond`, { cause: `x\n${FOREIGN}`, size: 1 });
  expect(line).not.toMatch(UNSEEN);
  const long = logLine(new Date(0), "warn", "text", { cause: "x".repeat(1_000_000) });
  expect(long.length).toBeLessThan(5000);
  const said = vi.spyOn(console, "log").mockReturnValue();
  edgeLog("info", FOREIGN, { cause: FOREIGN });
  expect(said.mock.calls).toEqual([[expect.not.stringMatching(UNSEEN)]]);
  said.mockRestore();
});
