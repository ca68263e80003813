import { expect, test } from "vitest";
import { endpoint } from "../../../src/contract/machine.ts";
import { finishInput } from "../../../src/contract/relay.ts";
import { makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { parseExit } from "../../../src/relay/setup/follow.ts";
import { keyProblems, parseKeys } from "../../../src/relay/setup/handover.ts";
import { capped, head, oneLine, tail } from "../../../src/relay/text.ts";

/** Root on the machine writes what it likes into what a relay reads back. */
const key = makeKeyPair("tester").publicKey;
const relay = makeKeyPair("relay").publicKey;
const stranger = makeKeyPair("stranger").publicKey;
const expected = { username: "alice", testerKeys: [key], rootKeys: [relay] };
const read = (account: string, ...lines: string[]): string =>
  `${account} ${Buffer.from(lines.join("\n")).toString("base64")}\n`;
const clean = read("root", relay) + read("alice", key);

test.each(["constructor", "toString", "hasOwnProperty", "valueOf"])(
  "an account named %s is looked at like any other",
  (name) => {
    const keys = parseKeys(`${clean}${read(name, stranger)}.\n`)?.keys ?? {};
    expect(Object.keys(keys).toSorted()).toEqual(["alice", name, "root"].toSorted());
    expect(keyProblems(keys, expected)).toEqual([expect.stringContaining(`The account ${name} accepts`)]);
  },
);

test("a key that stands there a thousand times is told once, and the edge takes it", () => {
  const lines = Array.from({ length: 1000 }, (_, n) => `${key}${n}`);
  const keys = parseKeys(`${clean}${read("alice", ...lines)}.\n`)?.keys;
  expect(keys).toEqual({ root: [relay], alice: [key] });
  const handover = { hostKey: "SHA256:x", keys };
  const result = { outcome: "set_up", outputs: {}, handover };
  const call = { session: crypto.randomUUID(), id: crypto.randomUUID(), token: 1, result };
  expect(finishInput.safeParse(call).success).toBe(true);
});

test("accounts without end are no clean machine", () => {
  const many = Array.from({ length: 1001 }, (_, n) => read(`a${n}`, relay)).join("");
  expect(() => parseKeys(`${many}.\n`)).toThrow("1001 accounts");
  expect(() => parseKeys(`${read("a".repeat(201), relay)}.\n`)).toThrow("201 characters");
  expect(() => parseKeys(`${read("__proto__", relay)}.\n`)).toThrow("named __proto__");
});

test.each([
  ["ok", { end: "ok" }],
  ["failed 2 7", { end: "failed", step: 2, code: 7 }],
  ["timeout 3", { end: "timeout", step: 3 }],
  ["-", null],
  ["", null],
  ["failed 2.5 1", { end: "unreadable" }],
  ["failed 1 NaN", { end: "unreadable" }],
  ["failed 1 1e999", { end: "unreadable" }],
  ["timeout x", { end: "unreadable" }],
  ["okay \u001b[2J", { end: "unreadable", record: "okay \uFFFD[2J" }],
])("the exit record %j", (record, end) => {
  if (end === null) expect(parseExit(record)).toBeNull();
  else expect(parseExit(record)).toMatchObject(end);
});

test("a host is a name or an address, and no part of somebody's command line", () => {
  for (const host of ["10.0.0.7", "fe80::1%eth0", "2001:db8::7", "machine-1.example.com", "a_b"])
    expect(endpoint.safeParse({ host, port: 22 }).success, host).toBe(true);
  for (const host of ["", "-oProxyCommand=x", "a b", "a;b", "$(b)", "a\n", "\u202ea", "a`b`", "a@b"])
    expect(endpoint.safeParse({ host, port: 22 }).success, host).toBe(false);
});

test("a cut never leaves half a character, which no database stores", () => {
  const text = "\u{1F600}".repeat(100);
  for (let max = 30; max < 60; max += 1) {
    for (const cut of [head(text, max), tail(text, max), oneLine(text, max)]) {
      expect(cut.length).toBeLessThanOrEqual(max);
      expect(cut.isWellFormed()).toBe(true);
    }
  }
  expect(JSON.stringify(capped({ "a\u0000\u001b": "b\u0000\ud800" }))).toBe(
    JSON.stringify({ "a\uFFFD\uFFFD": "b\uFFFD\uFFFD" }),
  );
});
