import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HostKey } from "./interface.ts";
import { type Ran, run } from "./program.ts";

/** A tester's own OpenSSH: a key pair of theirs, and a known_hosts that holds nothing but the pinned key. */
export type Key = { file: string; publicFile: string; publicKey: string };
export type Door = { host: string; port: number; hostKey: HostKey };

export async function makeKey(folder: string, name: string): Promise<Key> {
  const file = join(folder, name);
  const made = await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file]);
  if (made.code !== 0) throw new Error(`ssh-keygen failed: ${made.stderr.trim()}`);
  const publicFile = `${file}.pub`;
  return { file, publicFile, publicKey: (await readFile(publicFile, "utf8")).trim() };
}

/** Runs a command on the machine as that user; 255 is ssh's own failure, with the reason on stderr. */
export async function ssh(door: Door, user: string, key: Key, command: string): Promise<Ran> {
  const folder = await mkdtemp(`${key.file}-known-`);
  const knownHosts = join(folder, "known_hosts");
  await writeFile(knownHosts, `[${door.host}]:${door.port} ${door.hostKey.type} ${door.hostKey.key}\n`);
  const options = [
    `UserKnownHostsFile=${knownHosts}`,
    "GlobalKnownHostsFile=/dev/null",
    "StrictHostKeyChecking=yes",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "BatchMode=yes",
    "ConnectTimeout=10",
  ].flatMap((option) => ["-o", option]);
  const args = [
    "-F",
    "/dev/null",
    ...options,
    "-i",
    key.file,
    "-p",
    String(door.port),
    `${user}@${door.host}`,
    command,
  ];
  return run("ssh", args, 30);
}

/** The host key that answers there, as base64; null where nothing answers like an SSH server within 4 s. */
export async function hostKeyAt(host: string, port: number): Promise<string | null> {
  const scanned = await run("ssh-keyscan", ["-T", "4", "-t", "ed25519", "-p", String(port), host], 10);
  return /ssh-ed25519 (\S+)/.exec(scanned.stdout)?.[1] ?? null;
}
