import type { Edge } from "./edge.ts";

/**
 * Where this Warmpool is for browsers: links that it makes begin there, and changes with a session's cookie have to come
 * from there. A request's own address says so, unless a proxy in front of it changes the host: WARMPOOL_PUBLIC_URL then.
 */
export type PublicUrl = { origin: string } | { problem: string };

/** What WARMPOOL_PUBLIC_URL is set to: an origin, or what is wrong with it as a sentence; null if it is not set. */
export function readPublicUrl(text: string | undefined): PublicUrl | null {
  if (text === undefined || text === "") return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  if (url === null || !isOrigin)
    return {
      problem:
        "WARMPOOL_PUBLIC_URL is not a valid public URL; set it to a scheme and a host without a path, such as https://warmpool.example.com",
    };
  return { origin: url.origin };
}

/** The origin that links begin with. */
export function originOf(request: Request, { publicOrigin }: Pick<Edge, "publicOrigin">): string {
  return publicOrigin ?? new URL(request.url).origin;
}

/** Whether a request says that it comes from a browser's page, of whatever origin. */
export function saysWhence(headers: Headers): boolean {
  return headers.has("origin") || headers.has("sec-fetch-site");
}

/** Why a change that a browser sends by itself with a cookie is refused; null if it comes from our own origin. */
export function foreignOrigin(request: Request, { publicOrigin }: Pick<Edge, "publicOrigin">): string | null {
  const origin = request.headers.get("origin");
  const site = request.headers.get("sec-fetch-site");
  const { origin: own, host } = new URL(request.url);
  // A proxy that ends TLS passes the host on, and not the scheme.
  const isOwn = origin !== null && [publicOrigin, own, `https://${host}`].includes(origin);
  if (isOwn && (site === null || site === "same-origin")) return null;
  const from =
    origin === null
      ? "has no Origin header"
      : `came from ${URL.canParse(origin) ? new URL(origin).origin : "an unknown place"}`;
  return `with a session cookie, changes are accepted only from this Warmpool's own pages, but this one ${from}; send a token instead, or, if a proxy serves Warmpool there, set WARMPOOL_PUBLIC_URL`;
}
