import { sha256 } from "../core/hash.ts";

/** What a secret is for, which its first characters show. */
export type SecretKind = "app" | "admin" | "viewer" | "node" | "join" | "session" | "code" | "page";

/** A new secret of 256 bits, and the hash by which it is kept. The text is shown once and stored nowhere. */
export async function newSecret(kind: SecretKind): Promise<{ text: string; hash: string }> {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const random = btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
  const text = `wp_${kind}_${random}`;
  return { text, hash: await sha256(text) };
}
