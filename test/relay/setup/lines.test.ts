import { expect, test } from "vitest";
import { type Line, LineCutter, MAX_LINE } from "../../../src/relay/setup/lines.ts";
import { LogOutbox } from "../../../src/relay/setup/outbox.ts";
import { redactor } from "../../../src/relay/setup/redact.ts";

function cut(bytes: Buffer, chunk: number): Line[] {
  const cutter = new LineCutter();
  const lines: Line[] = [];
  for (let at = 0; at < bytes.length; at += chunk) lines.push(...cutter.feed(bytes.subarray(at, at + chunk)));
  return [...lines, ...cutter.end()];
}

const AWKWARD = Buffer.from(
  [
    "short",
    "",
    "äöü€𝄞",
    "€".repeat(MAX_LINE),
    "x".repeat(MAX_LINE),
    `${"y".repeat(MAX_LINE)}z`,
    "no newline €",
  ].join("\n"),
);

test.each([7, 1000, MAX_LINE, MAX_LINE + 1, 1_000_000])(
  "cuts the same lines from chunks of %i bytes",
  (chunk) => {
    const lines = cut(AWKWARD, chunk);
    expect(lines).toEqual(cut(AWKWARD, AWKWARD.length));
    // Together they are the log: no byte missing, none twice, no character broken.
    expect(lines.map((line) => line.text + (line.newline ? "\n" : "")).join("")).toBe(
      AWKWARD.toString("utf8"),
    );
    expect(lines[0]?.start).toBe(0);
    expect(lines.at(-1)?.end).toBe(AWKWARD.length);
    for (const [index, line] of lines.entries()) {
      expect(line.end - line.start).toBeLessThanOrEqual(MAX_LINE);
      if (index > 0) expect(line.start).toBe(lines[index - 1]?.end);
    }
  },
);

test("bytes that are no UTF-8, and NUL, do not stop it", () => {
  const lines = cut(Buffer.concat([Buffer.from([0xff, 0xfe, 0]), Buffer.alloc(MAX_LINE * 2, 0x80)]), 777);
  expect(lines.at(-1)?.end).toBe(MAX_LINE * 2 + 3);
  expect(lines[0]?.text.startsWith("\uFFFD\uFFFD\uFFFD")).toBe(true);
});

const line = (start: number, text: string): Line => ({
  start,
  end: start + text.length + 1,
  text,
  newline: true,
});

test("pieces follow each other from where the edge is, and grow until they are acknowledged", () => {
  const outbox = new LogOutbox(4);
  outbox.add(line(0, "old"), "old");
  expect(outbox.first).toBeUndefined();
  outbox.add(line(4, "::marker"), null);
  outbox.add(line(13, "new"), "new");
  const first = outbox.first;
  expect(first).toEqual({ offset: 4, end: 17, text: "new\n" });
  outbox.add(line(17, "later"), "later");
  expect(first).toEqual({ offset: 4, end: 17, text: "new\n" });
  outbox.acknowledge(first);
  expect(outbox.first).toEqual({ offset: 17, end: 23, text: "later\n" });
  outbox.acknowledge(outbox.first);
  expect(outbox.first).toBeUndefined();
});

test("a line whose start the edge has is continued where it ended", () => {
  const outbox = new LogOutbox(3);
  outbox.add(line(0, "foobar"), "foobar");
  expect(outbox.first).toEqual({ offset: 3, end: 7, text: "bar\n" });
});

test("a piece is never larger than the contract lets through", () => {
  const outbox = new LogOutbox(0);
  const text = "x".repeat(16_000);
  for (let index = 0; index < 30; index += 1) outbox.add(line(index * 16_001, text), text);
  let at = 0;
  for (let piece = outbox.first; piece !== undefined; piece = outbox.first) {
    expect(piece.offset).toBe(at);
    expect(piece.text.length).toBeLessThanOrEqual(64 * 1024);
    at = piece.end;
    outbox.acknowledge(piece);
  }
  expect(at).toBe(30 * 16_001);
});

test.each([
  ["a secret", ["hunter22"], "my hunter22!", "my ***!"],
  ["every time", ["hunter22"], "hunter22hunter22", "******"],
  ["every line of one", ["line one\nline two\r\n"], "a line two b line one", "a *** b ***"],
  ["the longer of two", ["abcd", "abcdef"], "abcdef abcd", "*** ***"],
  ["nothing too short to be one", ["a", ""], "banana", "banana"],
  ["with no meaning for characters", ["a.c$(*"], "abc$(* a.c$(*", "abc$(* ***"],
])("blacks out %s", (_, secrets, text, shown) => {
  expect(redactor(secrets)(text)).toBe(shown);
});

test("a log without end is cut off once, and it is said", () => {
  const outbox = new LogOutbox(0, 20);
  for (let at = 0; at < 50; at += 5) outbox.add(line(at, "text"), "text");
  const pieces = [];
  for (let piece = outbox.first; piece !== undefined; piece = outbox.first) {
    pieces.push(piece);
    outbox.acknowledge(piece);
  }
  expect(pieces).toEqual([
    { offset: 0, end: 15, text: "text\ntext\ntext\n" },
    { offset: 15, end: 20, text: "[truncated: at most 20 bytes of a set-up's log are read]\n" },
  ]);
});
