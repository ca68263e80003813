import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import ssh2 from "ssh2";
import { expect, test } from "vitest";
import { hostKey } from "../../../src/contract/machine.ts";
import { sshPublicKeyProblem } from "../../../src/contract/sshKey.ts";
import { makeHostKey, makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { deadline } from "../../helpers/patience.ts";

test("every key pair can be read again, and its halves belong together", () => {
  // 1 in 256 keys has a leading zero byte, which is where other generators go wrong.
  for (let index = 0; index < 1500; index += 1) {
    const pair = makeKeyPair("a comment");
    const parsed = ssh2.utils.parseKey(pair.privateKey);
    if (parsed instanceof Error) throw parsed;
    expect(sshPublicKeyProblem(pair.publicKey)).toBeNull();
    expect(`ssh-ed25519 ${parsed.getPublicSSH().toString("base64")} ${parsed.comment}`).toBe(pair.publicKey);
  }
});

test("what is pinned is the public half, as the contract and ssh-keygen have it", async () => {
  const { pair, pinned } = makeHostKey("machine-1");
  expect(hostKey.parse(pinned)).toEqual(pinned);
  const dir = await mkdtemp(join(tmpdir(), "warmpool-key-"));
  try {
    const path = join(dir, "key");
    await writeFile(path, pair.privateKey, { mode: 0o600 });
    const { stdout } = await promisify(execFile)("ssh-keygen", ["-y", "-f", path], { signal: deadline(30) });
    expect(stdout.trim()).toBe(pair.publicKey);
    const { stdout: listed } = await promisify(execFile)("ssh-keygen", ["-l", "-f", path], {
      signal: deadline(30),
    });
    expect(listed).toContain(pinned.fingerprint);
  } finally {
    await rm(dir, { recursive: true });
  }
});
