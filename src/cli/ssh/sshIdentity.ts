import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Which private key opens a machine: found by its public half, which lies beside it as `NAME.pub`. */

/** `SHA256:…` as `ssh-keygen -l` prints it; null for a line that is no key. */
export function fingerprintOf(publicKey: string): string | null {
  const blob = publicKey.trim().split(/\s+/)[1];
  if (blob === undefined) return null;
  // 32 bytes in base64 end with one `=`, which ssh-keygen leaves out.
  const digest = createHash("sha256").update(Buffer.from(blob, "base64")).digest("base64");
  return `SHA256:${digest.replace("=", "")}`;
}

/** The private half of a public key's file; null where it is not there. */
export function privateHalf(file: string): string | null {
  const half = file.endsWith(".pub") ? file.slice(0, -4) : null;
  return half !== null && existsSync(half) ? half : null;
}

/** Where keys are looked for: where the command runs, and where OpenSSH keeps them. */
export function usualFolders(home = homedir()): string[] {
  return [".", join(home, ".ssh")];
}

/** The first private key in those folders that one of the fingerprints names; undefined where there is none. */
export function identityFor(fingerprints: readonly string[], folders = usualFolders()): string | undefined {
  for (const folder of folders) {
    for (const name of pubsIn(folder)) {
      const file = join(folder, name);
      const found = privateHalf(file);
      if (found !== null && fingerprints.includes(fingerprintOf(textOf(file)) ?? "")) return found;
    }
  }
  return undefined;
}

function pubsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".pub"))
      .toSorted();
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
