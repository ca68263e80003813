import { expect, test } from "vitest";
import { pagePath } from "../../src/contract/page.ts";
import { diffOf } from "../../src/dashboard/text/diff.ts";
import { linkOf, plain, sortedOutputs, sshCommand } from "../../src/dashboard/text/foreign.ts";
import { lineOfStep, linesOf } from "../../src/dashboard/text/log.ts";
import { tokenOf } from "../../src/dashboard/text/testerPage.ts";
import { ago, duration, readDuration, roughly, until, writeDuration } from "../../src/dashboard/text/time.ts";
import { receiverTrouble, testRefused, testText } from "../../src/dashboard/text/webhook.ts";
import { count, list, memory } from "../../src/dashboard/text/words.ts";

const NOW = Date.parse("2026-11-30T12:00:00Z");

test.each([
  ["https://a.example/x", "https://a.example/x"],
  ["HTTP://a.example", "http://a.example/"],
  ["javascript:alert(1)", null],
  [" javascript:alert(1)", null],
  ["java\nscript:alert(1)", null],
  ["data:text/html,x", null],
  ["//a.example", null],
  ["https://bank.example@evil.example/", null],
  ["https://", null],
  ["", null],
])("linkOf: %j → %j", (text, link) => {
  expect(linkOf(text)).toBe(link);
});

test("plain: colours, cursor moves, titles and redrawn lines → the text that is left of them", () => {
  expect(plain("\u001b[31mred\u001b[0m \u001b]0;title\u0007end")).toBe("red end");
  expect(plain("10%\r50%\r100%\ndone")).toBe("100%\ndone");
  expect(plain("a\r\nb")).toBe("a\nb");
  expect(plain("a\u202eb\u0000c\td")).toBe("a\uFFFDb\uFFFDc\td");
  expect(plain("<script>alert(1)</script>")).toBe("<script>alert(1)</script>");
});

test("sortedOutputs: url first, the others by name", () => {
  expect(sortedOutputs({ b: "1", url: "2", a: "3" }).map(([name]) => name)).toEqual(["url", "a", "b"]);
});

test("sshCommand: the port is left out if it is the usual one", () => {
  expect(sshCommand({ host: "h", port: 22, user: "u" })).toBe("ssh u@h");
  expect(sshCommand({ host: "h", port: 2222, user: "u" })).toBe("ssh -p 2222 u@h");
});

test("tokenOf: a page's code → the token of that page in the contract", () => {
  const code = "a".repeat(43);
  expect(pagePath(tokenOf(code))).toBe(`/t/${code}`);
});

test("durations: written and read again → the same", () => {
  for (const seconds of [1, 59, 60, 3600, 5400, 86_400, 90_061])
    expect(readDuration(writeDuration(seconds))).toBe(seconds);
  expect(readDuration("1h 30m")).toBe(5400);
  for (const text of ["", "2", "h", "-1h", "1.5h", "999999999999999d"]) expect(readDuration(text)).toBeNull();
});

test("times: in words", () => {
  expect([duration(59.6), duration(61), duration(7200), duration(-3)]).toEqual(["1m", "1m 1s", "2h", "0s"]);
  expect(ago("2026-11-30T11:59:58Z", NOW)).toBe("just now");
  expect(ago("2026-11-30T12:00:09Z", NOW)).toBe("just now");
  expect(ago("2026-11-30T11:58:00Z", NOW)).toBe("2m ago");
  expect([until("2026-11-30T12:01:00Z", NOW), until("2026-11-30T11:00:00Z", NOW)]).toEqual(["1m", "now"]);
  expect([roughly(20), roughly(60), roughly(150), roughly(7200)]).toEqual([
    "less than a minute",
    "about a minute",
    "about 3 minutes",
    "about 2 hours",
  ]);
});

test("words: none, one and many", () => {
  expect([count(0, "duty", "duties"), count(1, "machine"), count(2, "machine")]).toEqual([
    "0 duties",
    "1 machine",
    "2 machines",
  ]);
  expect([list([]), list(["a"]), list(["a", "b"]), list(["a", "b", "c"], 2)]).toEqual([
    "",
    "a",
    "a and b",
    "a, b and 1 more",
  ]);
  expect([memory(512), memory(1536)]).toEqual(["512 MiB", "1.5 GiB"]);
});

test("diffOf: a changed line → gone and added, what is far from it folded", () => {
  const before = Array.from({ length: 12 }, (_, at) => `line ${at}`);
  const after = before.with(6, "other");
  expect(diffOf(before.join("\n"), after.join("\n")).map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
    "skipped: 3 lines that are the same",
    ...["same: line 3", "same: line 4", "same: line 5", "gone: line 6", "added: other"],
    ...["same: line 7", "same: line 8", "same: line 9"],
    "skipped: 2 lines that are the same",
  ]);
});

test("diffOf: lines put in and taken out apart from each other → each on its own", () => {
  expect(diffOf("a\nb\nc", "b\nc\nd").map(({ kind, text }) => kind + text)).toEqual([
    "gonea",
    "sameb",
    "samec",
    "addedd",
  ]);
});

test("log: lines without the last end; the last begin of a step is found", () => {
  const lines = linesOf(
    "== 12:00 UTC step 1 of 2: A\nx\n== 12:01 UTC step 2 of 2: B\n== 12:09 UTC step 1 of 2: A\n",
  );
  expect(lines).toHaveLength(4);
  expect([lineOfStep(lines, 1), lineOfStep(lines, 2), lineOfStep(lines, 3)]).toEqual([3, 2, null]);
});

const RECEIVER = { origin: "https://app.example", problem: null, pausedUntil: null, gone: false };

test.each([
  ["none", null, null, "no webhook is configured"],
  ["one that works", RECEIVER, null, null],
  ["one that fails", { ...RECEIVER, pausedUntil: "2026-11-30T12:00:00Z" }, "warn", null],
  [
    "wrong settings",
    { ...RECEIVER, origin: null, problem: "its URL is wrong" },
    "bad",
    "the settings are wrong",
  ],
  ["one that is gone", { ...RECEIVER, gone: true }, "bad", "the receiver responded with 410"],
] as const)("webhook: %s → what is wrong, and whether a test can be sent", (_, receiver, tone, refused) => {
  expect(receiverTrouble(receiver)?.tone ?? null).toBe(tone);
  expect(testRefused(receiver)).toBe(refused);
});

test("webhook: a test's end → in words, good or bad", () => {
  const delivery = {
    ...{ id: "1", type: "webhook.test", pool: null, username: null, attempts: 1, nextAttemptAt: null },
    ...{ createdAt: "2026-11-30T12:00:00Z", triedAt: "2026-11-30T12:00:01Z" },
  };
  expect(testText({ ...delivery, state: "delivered", httpStatus: 204, error: null })).toEqual({
    tone: "good",
    text: "The receiver accepted the test message: it responded with 204.",
  });
  const error = "the receiver could not be reached";
  expect(testText({ ...delivery, state: "given_up", httpStatus: null, error })).toEqual({
    tone: "bad",
    text: "The test message was not accepted: the receiver could not be reached.",
  });
});
