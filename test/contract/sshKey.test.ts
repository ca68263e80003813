import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSshPublicKey, sshPublicKeyProblem, sshPublicKeys } from "../../src/contract/sshKey.ts";
import { ed25519Blob, KEY_A } from "../helpers/world.ts";

test.each([
  ["ed25519", []],
  ["rsa", ["-b", "2048"]],
  ["ecdsa", ["-b", "256"]],
  ["ecdsa", ["-b", "521"]],
])("takes what ssh-keygen makes: %s %j", (type, more) => {
  const folder = mkdtempSync(join(tmpdir(), "warmpool-key-"));
  try {
    execFileSync("ssh-keygen", [
      "-q",
      "-t",
      type,
      ...more,
      "-N",
      "",
      "-C",
      "me@host with spaces",
      "-f",
      join(folder, "key"),
    ]);
    expect(sshPublicKeyProblem(readFileSync(join(folder, "key.pub"), "utf8"))).toBeNull();
    expect(sshPublicKeyProblem(readFileSync(join(folder, "key"), "utf8"))).toMatch(/private key/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ["", /empty/],
  ["ssh-ed25519", /base64/],
  ["ssh-dss AAAA", /DSA key, which sshd no longer accepts; create a new key/],
  ["ssh-nothing AAAA", /known key type .* copy the whole line/],
  ["ssh-ed25519-cert-v01@openssh.com AAAA", /certificate.* send the public key/],
  ["---- BEGIN SSH2 PUBLIC KEY ----", /ssh-keygen -i/],
  [`from="10.0.0.1" ${KEY_A}`, /options/],
  [`ssh-rsa ${ed25519Blob(1)}`, /truncated|another type/],
  [`ssh-ed25519 ${ed25519Blob(1).slice(0, 40)}`, /truncated/],
  [`ssh-ed25519 ${"!".repeat(60)}`, /base64/],
  [`${KEY_A}\n${KEY_A}`, /one line/],
])("refuses %j and says why", (text, says) => {
  expect(sshPublicKeyProblem(text)).toMatch(says);
});

test.each([
  ["the padding lost", (line: string) => line.replace(/=+ /, " ")],
  ["one of two signs of padding lost", (line: string) => line.replace("== ", "= ")],
  ["a sign of padding too many", (line: string) => line.replace(/=* me/, "=== me")],
  ["space and line breaks around it", (line: string) => `\uFEFF \t\r\n${line}\r\n\r\n`],
  ["other space between its parts", (line: string) => line.replaceAll(" ", "\t\u00a0 ")],
])("a key with %s is repaired", (_, damage) => {
  // Bodies of all three lengths modulo 3: with two, one and no signs of padding.
  for (const length of [4, 5, 6]) {
    const application = Buffer.from("ssh:..".slice(0, length));
    const fields = [Buffer.from("sk-ssh-ed25519@openssh.com"), Buffer.alloc(32, 1), application];
    const body = Buffer.concat(fields.flatMap((field) => [Buffer.from([0, 0, 0, field.length]), field]));
    const line = `sk-ssh-ed25519@openssh.com ${body.toString("base64")} me`;
    expect(readSshPublicKey(damage(line))).toEqual({ line });
  }
});

test("the same key twice, with another comment, counts once", () => {
  expect(sshPublicKeys.parse([KEY_A, `${KEY_A}-again`])).toHaveLength(1);
});
