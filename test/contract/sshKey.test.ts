import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sshPublicKeyProblem, sshPublicKeys } from "../../src/contract/sshKey.ts";
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
  ["ssh-dss AAAA", /known key type/],
  [`from="10.0.0.1" ${KEY_A}`, /options/],
  [`ssh-rsa ${ed25519Blob(1)}`, /cut short|another type/],
  [`ssh-ed25519 ${ed25519Blob(1).slice(0, 40)}`, /cut short/],
  [`ssh-ed25519 ${"!".repeat(60)}`, /base64/],
  [`${KEY_A}\n${KEY_A}`, /one line/],
])("refuses %j and says why", (text, says) => {
  expect(sshPublicKeyProblem(text)).toMatch(says);
});

test("the same key twice, with another comment, counts once", () => {
  expect(sshPublicKeys.parse([KEY_A, `${KEY_A}-again`])).toHaveLength(1);
});
