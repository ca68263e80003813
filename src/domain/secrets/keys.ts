import { base64, fromBase64 } from "../core/base64.ts";
import { WarmpoolError } from "../core/errors.ts";

/**
 * Secret parameters at rest. The keys are the edge's alone (`WARMPOOL_SECRET_KEY`): the first seals, all of them open,
 * so a key is changed by putting the new one before the old one until no assignment of the old one is being set up.
 * Each value is sealed for its assignment and name (AES-GCM, both are authenticated with it), so that no sealed value
 * can be moved to another row. Its mark (HMAC) outlives it, to tell a repeat with another value from one with the same.
 */
export type SecretKeys = { keys: readonly string[] } | { problem: string };

/** Where there is no key: nothing secret can be taken. */
export const NO_SECRET_KEYS: SecretKeys = {
  problem: "WARMPOOL_SECRET_KEY is not set; set it to the output of `openssl rand -base64 32`",
};

/** As the database has it: which key, and what it made, both as text. */
type Made = { key: string; text: string };
export type Sealed = Made & { iv: string };
type SecretPlace = { assignment: string; name: string };

/** Reads `WARMPOOL_SECRET_KEY`: 32 bytes in base64; several with a space between, the first seals. */
export function readSecretKeys(text: string | undefined): SecretKeys {
  if (text === undefined || text === "") return NO_SECRET_KEYS;
  const keys = text.split(" ");
  return keys.every((key) => /^[A-Za-z0-9+/]{43}=$/.test(key))
    ? { keys }
    : {
        problem:
          "WARMPOOL_SECRET_KEY must be 32 bytes in base64, or several such keys separated by spaces; generate one: openssl rand -base64 32",
      };
}

/** Encrypts a value with the first key. @throws WarmpoolError CONFLICT if there is none. */
export async function seal(keys: SecretKeys, place: SecretPlace, value: string): Promise<Sealed> {
  const raw = firstKey(keys, place);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const made = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData: bytesOf(place) },
    await derive(raw, "seal"),
    new TextEncoder().encode(value),
  );
  return { key: await idOf(raw), iv: base64(iv), text: base64(new Uint8Array(made)) };
}

/** The value; null where its key is not among the keys any more, or it was sealed for another place. */
export async function unseal(keys: SecretKeys, place: SecretPlace, sealed: Sealed): Promise<string | null> {
  const raw = await keyOf(keys, sealed.key);
  if (raw === null) return null;
  try {
    const opened = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: fromBase64(sealed.iv), additionalData: bytesOf(place) },
      await derive(raw, "seal"),
      fromBase64(sealed.text),
    );
    return new TextDecoder().decode(opened);
  } catch {
    return null;
  }
}

/** A keyed hash to recognize the same value. @throws WarmpoolError CONFLICT if there is no key. */
export async function mark(keys: SecretKeys, place: SecretPlace, value: string): Promise<Made> {
  const raw = firstKey(keys, place);
  const made = await crypto.subtle.sign("HMAC", await derive(raw, "mark"), bytesOf(place, value));
  return { key: await idOf(raw), text: base64(new Uint8Array(made)) };
}

/** Whether the mark is of this value. False too where its key is gone: nobody can tell then. */
export async function isMarkOf(
  keys: SecretKeys,
  place: SecretPlace,
  value: string,
  known: Made,
): Promise<boolean> {
  const raw = await keyOf(keys, known.key);
  if (raw === null) return false;
  return crypto.subtle.verify(
    "HMAC",
    await derive(raw, "mark"),
    fromBase64(known.text),
    bytesOf(place, value),
  );
}

/** What names the keys in what they made, the one that seals first. It tells nothing of them. */
export function keyIds(keys: SecretKeys): Promise<string[]> {
  return Promise.all("keys" in keys ? keys.keys.map(idOf) : []);
}

function firstKey(keys: SecretKeys, { name }: SecretPlace): string {
  const first = "keys" in keys ? keys.keys[0] : undefined;
  if (first !== undefined) return first;
  const problem = "problem" in keys ? keys.problem : "no key is set";
  throw new WarmpoolError("CONFLICT", `params.${name}: is secret and cannot be stored: ${problem}`);
}

async function keyOf(keys: SecretKeys, id: string): Promise<string | null> {
  if ("problem" in keys) return null;
  for (const raw of keys.keys) if ((await idOf(raw)) === id) return raw;
  return null;
}

/** Names a key and tells nothing of it. */
async function idOf(raw: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytesOf({ assignment: "", name: "key" }, raw));
  return base64(new Uint8Array(digest).slice(0, 6));
}

/** Sealing and marking each have a key of their own, derived from the one that is configured. */
async function derive(raw: string, use: "seal" | "mark"): Promise<CryptoKey> {
  const key = await crypto.subtle.importKey("raw", fromBase64(raw), "HKDF", false, ["deriveKey"]);
  const hkdf = {
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(),
    info: new TextEncoder().encode(`warmpool ${use}`),
  };
  return use === "seal"
    ? crypto.subtle.deriveKey(hkdf, key, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"])
    : crypto.subtle.deriveKey(hkdf, key, { name: "HMAC", hash: "SHA-256", length: 256 }, false, [
        "sign",
        "verify",
      ]);
}

function bytesOf({ assignment, name }: SecretPlace, value = "") {
  return new TextEncoder().encode(JSON.stringify([assignment, name, value]));
}
