import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utils } from "ssh2";
import type { ParsedKey } from "ssh2";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Account } from "../../../../../src/relay/drivers/local/sshServer/accounts.ts";
import { refusal } from "../../../../../src/relay/drivers/local/sshServer/authorizedKeys.ts";
import { makeKeyPair } from "../../../../../src/relay/ssh/hostKey.ts";

/** The signature is what lets somebody in: a public key is known to everybody. */
const blob = Buffer.from("what the client signs");
const own = keyPair();
const other = keyPair();
let account: Account;

beforeEach(() => {
  const home = mkdtempSync(join(tmpdir(), "warmpool-keys-"));
  mkdirSync(join(home, ".ssh"), { mode: 0o700 });
  writeFileSync(join(home, ".ssh/authorized_keys"), `${own.line}\n`, { mode: 0o600 });
  account = { name: "ann", uid: process.getuid?.() ?? 0, gid: 0, home, shell: "/bin/sh" };
});

afterEach(() => rmSync(account.home, { recursive: true }));

test("the key with its own signature is let in", () => {
  expect(refusal(account, attempt(own, own.private.sign(blob)))).toBeNull();
});

test("asking whether the key would do is answered, which lets nobody in yet", () => {
  expect(refusal(account, attempt(own))).toBeNull();
});

test("the key with the signature of another is refused", () => {
  expect(refusal(account, attempt(own, other.private.sign(blob)))).toBe("the signature is wrong");
});

test("a signature of something else, or one that is no signature, is refused", () => {
  expect(refusal(account, attempt(own, own.private.sign("else")))).toBe("the signature is wrong");
  expect(refusal(account, attempt(own, Buffer.from("no signature")))).toBe("the signature is wrong");
  expect(refusal(account, attempt(own, Buffer.alloc(0)))).toBe("the signature is wrong");
});

test("a key that is not authorised is refused, signed or not", () => {
  expect(refusal(account, attempt(other, other.private.sign(blob)))).toMatch(/not authorized/);
  expect(refusal(account, attempt(other))).toMatch(/not authorized/);
});

test("keys that others may write to are refused", () => {
  chmodSync(join(account.home, ".ssh/authorized_keys"), 0o620);
  expect(refusal(account, attempt(own, own.private.sign(blob)))).toMatch(/users other than its owner/);
});

function attempt(key: typeof own, signature?: Buffer) {
  const { type } = key.private;
  return {
    key: { algo: type, data: key.private.getPublicSSH() },
    ...(signature === undefined ? {} : { signature, blob }),
  };
}

function keyPair(): { line: string; private: ParsedKey } {
  const made = makeKeyPair("test");
  const parsed = utils.parseKey(made.privateKey);
  if (parsed instanceof Error) throw parsed;
  return { line: made.publicKey, private: parsed };
}
