import { base64, fromBase64 } from "../core/base64.ts";

/**
 * The signature of one message, as https://www.standardwebhooks.com specifies it: HMAC-SHA256 over id, timestamp and
 * body. WebCrypto computes it, because the library for it brings its own SHA-256 into every Worker; the tests verify
 * what is sent with that library.
 * @param secret `whsec_` and the key in base64
 * @param timestamp seconds since 1970
 * @returns `v1,` and the signature in base64
 */
export async function sign(secret: string, id: string, timestamp: number, body: string): Promise<string> {
  const bytes = fromBase64(secret.slice("whsec_".length));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  return `v1,${base64(new Uint8Array(await crypto.subtle.sign("HMAC", key, signed)))}`;
}
