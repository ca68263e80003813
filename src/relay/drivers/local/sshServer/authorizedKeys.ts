import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import ssh2 from "ssh2";
import type { ParsedKey, PublicKeyAuthContext } from "ssh2";
import type { Account } from "./accounts.ts";

/**
 * Who may log in: the keys in the account's own authorized_keys, read at every attempt, so that a key taken out stops
 * working at once. As strict as sshd's StrictModes, because a machine set up against this server must also work with
 * a real sshd. Lines with options are not honoured, and so open nothing.
 */
const MAX_BYTES = 1024 * 1024;

/** What a client offers; without a signature it only asks whether the key would do. */
export type Attempt = Pick<PublicKeyAuthContext, "key" | "signature" | "blob" | "hashAlgo">;

/** Null where the key opens the account, else why not: for the console, never for the caller. */
export function refusal(account: Account, attempt: Attempt): string | null {
  const path = join(account.home, ".ssh/authorized_keys");
  const loose = [account.home, dirname(path)].find((folder) => !isSafe(statOf(folder), account));
  if (loose !== undefined) return `${loose} is missing, or users other than its owner may write to it`;
  const text = readKeys(path, account);
  if (text === null) return `${path} is missing, or users other than its owner may write to it`;
  const key = text
    .split("\n")
    .map(parseLine)
    .find((candidate) => candidate?.getPublicSSH().equals(attempt.key.data));
  if (key === undefined || key === null) return "the key is not authorized";
  // A public key is known to everybody: what lets somebody in is the signature.
  if (attempt.signature === undefined || attempt.blob === undefined) return null;
  return verify(key, attempt.blob, attempt.signature, attempt.hashAlgo) ? null : "the signature is wrong";
}

function verify(key: ParsedKey, blob: Buffer, signature: Buffer, hash: string | undefined): boolean {
  // Unlike its type says, an Error comes back for what cannot be verified at all, and an Error is truthy.
  const verdict: unknown = key.verify(blob, signature, hash);
  return verdict === true;
}

function parseLine(line: string): ParsedKey | null {
  const text = line.trim();
  if (!/^(ssh-|ecdsa-)\S+ \S+/.test(text)) return null;
  const parsed = ssh2.utils.parseKey(text);
  return parsed instanceof Error || parsed.isPrivateKey() ? null : parsed;
}

type Status = { uid: number; mode: number } | null;

function isSafe(status: Status, account: Account): boolean {
  return status !== null && (status.uid === account.uid || status.uid === 0) && (status.mode & 0o022) === 0;
}

function statOf(path: string): Status {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}

function readKeys(path: string, account: Account): string | null {
  let file: number;
  try {
    // The account owns this path: a pipe put there must not hold the server up.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const status = fstatSync(file);
    if (!status.isFile() || status.size > MAX_BYTES || !isSafe(status, account)) return null;
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}
