import type { Db } from "../db/client.ts";
import { authenticatePage, isPageText, PAGE_ENDED } from "../domain/access/pages.ts";
import { authenticateSession, ENDED } from "../domain/access/sessions.ts";
import { authenticate, type Caller } from "../domain/access/tokens.ts";
import { bearerOf } from "./http/bearer.ts";

/** What identifies a caller: a bearer token (or the secret of a page), the cookie of a session, or a sign-in code. */
export type Credential = { as: "bearer" | "session" | "code"; text: string };

/** Not `__Host-…`: browsers refuse that prefix on http://127.0.0.1, where `npm start` serves. */
export const COOKIE = "warmpool_session";

/** The credential of a request; a bearer token takes precedence over a cookie, so that its sender needs no origin. */
export function credentialOf(headers: Headers): Credential | null {
  const authorization = headers.get("authorization");
  if (authorization !== null) {
    const text = bearerOf(authorization);
    return text === null ? null : { as: "bearer", text };
  }
  const text = cookieOf(headers.get("cookie") ?? "");
  return text === null ? null : { as: "session", text };
}

/** The text of our cookie; null if there is none. */
function cookieOf(header: string): string | null {
  const ours = header
    .split(";")
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${COOKIE}=`));
  const text = ours?.slice(COOKIE.length + 1) ?? "";
  return /^[\x21-\x7e]{1,200}$/.test(text) ? text : null;
}

/** The caller that it identifies, in one statement. @throws WarmpoolError UNAUTHORIZED. */
export function callerBy(db: Db, { as, text }: Credential, bootstrap: string | undefined): Promise<Caller> {
  if (as !== "bearer") return authenticateSession(db, as, text, bootstrap);
  return isPageText(text) ? authenticatePage(db, text) : authenticate(db, text, bootstrap);
}

/** The error if it is not valid. */
export function refusedAs(credential: Credential | null): string {
  if (credential === null) return "send a token: Authorization: Bearer wp_…";
  if (credential.as !== "bearer") return ENDED[credential.as];
  return isPageText(credential.text) ? PAGE_ENDED : "the token is unknown, expired or revoked";
}
