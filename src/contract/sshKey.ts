import * as z from "zod";
import { type CurveName, isCurvePoint } from "./curvePoint.ts";
import { own } from "./own.ts";

/**
 * OpenSSH public keys, judged as `ssh-keygen -lf` judges them but without any crypto library, so that the edge can do it.
 * A key that no sshd takes is refused here, where somebody reads why, and not at the tester's first login. Two kinds of
 * damage have one meaning only and are repaired: space and line breaks around the key, and the `=` at the end of its
 * body. A line with options in front (`command="…" ssh-ed25519 …`) is refused: it would change what the key may do.
 */
type Check = (fields: readonly Uint8Array[]) => string | null;

/** By type: how many fields the body has, that name first, and what is wrong with the others. */
const TYPES: Record<string, { fields: number; check: Check }> = {
  "ssh-ed25519": { fields: 2, check: ([, key]) => ed25519Problem(key) },
  "ssh-rsa": { fields: 3, check: ([, exponent, modulus]) => rsaProblem(exponent, modulus) },
  "ecdsa-sha2-nistp256": { fields: 3, check: ecdsa("nistp256") },
  "ecdsa-sha2-nistp384": { fields: 3, check: ecdsa("nistp384") },
  "ecdsa-sha2-nistp521": { fields: 3, check: ecdsa("nistp521") },
  "sk-ssh-ed25519@openssh.com": {
    fields: 3,
    check: ([, key, application]) => ed25519Problem(key) ?? applicationProblem(application),
  },
  "sk-ecdsa-sha2-nistp256@openssh.com": {
    fields: 4,
    check: (fields) => ecdsa("nistp256")(fields) ?? applicationProblem(fields[3]),
  },
};

const LONGEST_LINE = 8192;
const RSA_BITS = { least: 1024, most: 16384 };
const AGAIN = "copy the whole line of the .pub file again";

/** The key as one line with single spaces, repaired where the damage has one meaning only; or why it is none. */
export function readSshPublicKey(text: string): { line: string } | { problem: string } {
  const line = text.trim();
  if (line === "") return { problem: "is empty; send the content of the .pub file" };
  if (line.includes("PRIVATE KEY"))
    return { problem: "is a private key; send the public one (the file ending in .pub)" };
  if (line.includes("SSH2 PUBLIC KEY"))
    return {
      problem: "is in the SSH2 format; convert it with `ssh-keygen -i -f FILE` and send the output",
    };
  if (/[\r\n\0]/.test(line)) return { problem: "has more than one line; send one key per entry" };
  if (line.length > LONGEST_LINE) return { problem: `is longer than ${LONGEST_LINE} characters` };
  const [type = "", blob = "", ...comment] = line.split(/\s+/);
  const known = own(TYPES, type);
  if (known === undefined) return { problem: unknownType(type, line) };
  const bytes = decodeBase64(blob);
  if (bytes === null)
    return { problem: `has a body that is not base64, perhaps truncated when it was copied; ${AGAIN}` };
  const fields = readFields(bytes);
  if (fields === null || fields.length !== known.fields)
    return { problem: `has a truncated or extended body; ${AGAIN}` };
  if (textOf(fields[0]) !== type)
    return { problem: `says ${type} but contains a key of another type; ${AGAIN}` };
  const problem = known.check(fields);
  if (problem !== null) return { problem };
  return { line: [type, encodeBase64(bytes), ...comment].join(" ") };
}

/** Why the text is no plain OpenSSH public key that sshd takes, or null if it is one. */
export function sshPublicKeyProblem(text: string): string | null {
  const read = readSshPublicKey(text);
  return "problem" in read ? read.problem : null;
}

/** `type blob`, the part of a key line that decides who it is: comments and spaces do not. */
export function sshKeyIdentity(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(" ");
}

function unknownType(type: string, line: string): string {
  if (/-cert-v0\d@openssh\.com$/.test(type))
    return "is a certificate, which does not grant a login by itself; send the public key (the .pub file without -cert)";
  if (type === "ssh-dss")
    return "is a DSA key, which sshd no longer accepts; create a new key: ssh-keygen -t ed25519";
  const names = Object.keys(TYPES);
  if (names.some((name) => line.includes(`${name} `)))
    return "has options before the key; send the plain key";
  return `does not start with a known key type (${names.slice(0, 3).join(", ")}, …); ${AGAIN}`;
}

function ed25519Problem(key: Uint8Array | undefined): string | null {
  return key?.length === 32 ? null : `contains an ed25519 key of the wrong length; ${AGAIN}`;
}

function rsaProblem(exponent: Uint8Array | undefined, modulus: Uint8Array | undefined): string | null {
  const sizes = [bitsOf(exponent), bitsOf(modulus)];
  if (sizes.some((bits) => bits === null || bits > RSA_BITS.most))
    return `contains an RSA key with a negative number or one of more than ${RSA_BITS.most} bits; ${AGAIN}`;
  if ((sizes[1] ?? 0) < RSA_BITS.least)
    return `is an RSA key of less than ${RSA_BITS.least} bits, which sshd refuses; create a new key: ssh-keygen -t ed25519`;
  return null;
}

function ecdsa(curve: CurveName): Check {
  return ([, name, point]) => {
    if (textOf(name) !== curve) return `says ${curve} but contains a key of another curve; ${AGAIN}`;
    return point !== undefined && isCurvePoint(curve, point)
      ? null
      : `contains no valid point of the curve ${curve}; ${AGAIN}`;
  };
}

/** What a security key is for: `ssh:` or the like. */
function applicationProblem(application: Uint8Array | undefined): string | null {
  // A NUL at its end is what sshd takes; elsewhere the text would end before its end.
  return application !== undefined && !application.slice(0, -1).includes(0)
    ? null
    : `has an invalid application for its security key; ${AGAIN}`;
}

/** How many bits a positive number of SSH has (RFC 4251, mpint); null if it is negative. */
function bitsOf(bytes: Uint8Array | undefined): number | null {
  if (bytes === undefined || (bytes[0] ?? 0) >= 0x80) return null;
  const first = bytes.findIndex((byte) => byte !== 0);
  if (first === -1) return 0;
  return (bytes.length - first) * 8 - (Math.clz32(bytes[first] ?? 0) - 24);
}

function textOf(bytes: Uint8Array | undefined): string {
  return String.fromCharCode(...(bytes ?? []));
}

/** Null for what is no base64, apart from `=` that are missing at its end or too many there. */
function decodeBase64(text: string): Uint8Array | null {
  const digits = withoutPadding(text);
  if (!/^[A-Za-z0-9+/]+$/.test(digits) || digits.length % 4 === 1) return null;
  const bytes = Uint8Array.from(atob(digits), (char) => char.charCodeAt(0));
  // Bits that are left over have to be 0: else the last character is not the one that was there.
  return withoutPadding(encodeBase64(bytes)) === digits ? bytes : null;
}

function withoutPadding(text: string): string {
  let end = text.length;
  while (text[end - 1] === "=") end -= 1;
  return text.slice(0, end);
}

function encodeBase64(bytes: Uint8Array): string {
  return btoa(textOf(bytes));
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

/** One plain OpenSSH public key; the error says which check failed. Normalised, and repaired where it is sure how. */
export const sshPublicKey = z
  .string()
  .transform((text, context) => {
    const read = readSshPublicKey(text);
    if ("line" in read) return read.line;
    context.addIssue({ code: "custom", message: read.problem });
    return z.NEVER;
  })
  .pipe(z.string());

/** 0 to 50 keys; one that stands twice counts once. */
export const sshPublicKeys = z
  .array(sshPublicKey)
  .max(50, "must have at most 50 keys")
  .transform((keys) => [...new Map(keys.map((key) => [sshKeyIdentity(key), key])).values()])
  .pipe(z.array(z.string()));
