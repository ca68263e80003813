import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import type { HostKey } from "../../contract/machine.ts";

/**
 * Makes ed25519 key pairs in OpenSSH's format (PROTOCOL.key). ssh2's own generator is not used: it strips zero bytes
 * and makes an unreadable key once in 256 (mscdex/ssh2#1513).
 */
export type SshKeyPair = {
  /** OpenSSH private key text. */
  privateKey: string;
  /** `ssh-ed25519 BLOB comment` */
  publicKey: string;
};

const TYPE = "ssh-ed25519";

/** A new ed25519 key pair; the comment goes into both halves. */
export function makeKeyPair(comment: string): SshKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { x } = publicKey.export({ format: "jwk" });
  const { d } = privateKey.export({ format: "jwk" });
  if (x === undefined || d === undefined)
    throw new Error("The crypto library did not generate an ed25519 key.");
  const point = Buffer.from(x, "base64url");
  const blob = Buffer.concat([field(TYPE), field(point)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([
    check,
    check,
    field(TYPE),
    field(point),
    field(Buffer.concat([Buffer.from(d, "base64url"), point])),
    field(comment),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const count = Buffer.from([0, 0, 0, 1]);
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    field("none"),
    field("none"),
    field(""),
    count,
    field(blob),
    field(Buffer.concat([secret, padding])),
  ]);
  const lines = body.toString("base64").match(/.{1,70}/g) ?? [];
  return {
    privateKey: [
      "-----BEGIN OPENSSH PRIVATE KEY-----",
      ...lines,
      "-----END OPENSSH PRIVATE KEY-----",
      "",
    ].join("\n"),
    publicKey: `${TYPE} ${blob.toString("base64")} ${comment}`,
  };
}

/** A new host key for a machine, and its public part as it is pinned. */
export function makeHostKey(machine: string): { pair: SshKeyPair; pinned: HostKey } {
  const pair = makeKeyPair(machine);
  const key = pair.publicKey.split(" ")[1] ?? "";
  return { pair, pinned: { type: TYPE, key, fingerprint: fingerprint(Buffer.from(key, "base64")) } };
}

/** `SHA256:…` of a public key blob, as `ssh-keygen -l` prints it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replaceAll("=", "")}`;
}

function field(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
