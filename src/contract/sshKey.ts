import * as z from "zod";
import { own } from "./own.ts";

/**
 * OpenSSH public keys, checked without any crypto library so that the edge can do it: the type is one that sshd
 * accepts, the blob is base64, starts with the same type (RFC 4253, section 6.6) and is made of whole length-prefixed
 * fields. A line with options in front (`command="…" ssh-ed25519 …`) is refused: it would change what the key may do.
 */
const FIELDS: Record<string, number> = {
  "ssh-ed25519": 2,
  "ssh-rsa": 3,
  "ecdsa-sha2-nistp256": 3,
  "ecdsa-sha2-nistp384": 3,
  "ecdsa-sha2-nistp521": 3,
  "sk-ssh-ed25519@openssh.com": 3,
  "sk-ecdsa-sha2-nistp256@openssh.com": 4,
};

/** Why the text is no plain OpenSSH public key, or null where it is one. */
export function sshPublicKeyProblem(text: string): string | null {
  const line = text.trim();
  if (line === "") return "is empty";
  if (line.includes("PRIVATE KEY")) return "is a private key; send the public one (the file ending in .pub)";
  if (/[\r\n\0]/.test(line)) return "has more than one line; send one key an entry";
  if (line.length > 8192) return "is longer than 8192 characters";
  const [type = "", blob = ""] = line.split(/\s+/);
  const expected = own(FIELDS, type);
  if (expected === undefined) {
    return Object.keys(FIELDS).some((known) => line.includes(`${known} `))
      ? "has options before the key; send the plain key"
      : `does not start with a known key type (${Object.keys(FIELDS).slice(0, 3).join(", ")}, …)`;
  }
  const bytes = decodeBase64(blob);
  if (bytes === null) return "has a body that is not base64; was it cut when it was copied?";
  const fields = readFields(bytes);
  if (fields === null || fields.length !== expected) return "is cut short or has something added to its body";
  if (new TextDecoder().decode(fields[0]) !== type) return `says ${type} but holds a key of another type`;
  if (type === "ssh-ed25519" && fields[1]?.length !== 32) return "holds an ed25519 key of the wrong length";
  if (type === "ssh-rsa" && (fields[2]?.length ?? 0) < 256) return "is an RSA key of less than 2048 bits";
  return null;
}

/** `type blob`, the part of a key line that decides who it is: comments and spaces do not. */
export function sshKeyIdentity(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(" ");
}

function decodeBase64(text: string): Uint8Array | null {
  if (text === "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}

function readFields(bytes: Uint8Array): Uint8Array[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return null;
    const length = view.getUint32(at);
    at += 4;
    if (at + length > bytes.length) return null;
    fields.push(bytes.subarray(at, at + length));
    at += length;
  }
  return fields;
}

/** One plain OpenSSH public key; the error says which check failed. Normalised to single spaces. */
export const sshPublicKey = z
  .string()
  .transform((text, context) => {
    const problem = sshPublicKeyProblem(text);
    if (problem !== null) {
      context.addIssue({ code: "custom", message: problem });
      return z.NEVER;
    }
    return text.trim().split(/\s+/).join(" ");
  })
  .pipe(z.string());

/** 0 to 50 keys; one that stands twice counts once. */
export const sshPublicKeys = z
  .array(sshPublicKey)
  .max(50, "must be 50 keys at most")
  .transform((keys) => [...new Map(keys.map((key) => [sshKeyIdentity(key), key])).values()])
  .pipe(z.array(z.string()));
