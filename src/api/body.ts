import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { WarmpoolError } from "../domain/core/errors.ts";
import { pause } from "./pause.ts";

/**
 * Bodies are read to their end, wanted or not: with the rest of one on the connection nothing can follow there, and whoever
 * is still sending sees a broken pipe in place of the answer.
 */

/** Recipes with their scripts are the largest thing anybody sends. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** Of a body that is too large so much is read and thrown away, so that its sender gets to read why. */
const MAX_DISCARDED_BYTES = 32 * 1024 * 1024;

/**
 * What is wrong with a body that cannot be read: its sender has hung up in the middle of it, or it is not framed as HTTP
 * wants. Node refuses that itself; in workerd the one who reads finds out, in words like those of a lost database.
 */
function unreadable(): WarmpoolError {
  return new WarmpoolError(
    "BAD_REQUEST",
    "the body ended early or is not valid HTTP; send the request again",
  );
}

/** The body's text. @throws WarmpoolError BAD_REQUEST where it cannot be read to its end. */
export async function textOf(request: { text(): Promise<string> }): Promise<string> {
  try {
    return await request.text();
  } catch {
    throw unreadable();
  }
}

/**
 * Lets no body through that is larger than the bound. One of no stated length is read here, and what cannot be read is
 * the caller's fault.
 * @param onError answers what is too large
 */
export function boundBody(
  onError: (c: Context) => Promise<Response>,
  maxSize: number = MAX_BODY_BYTES,
): MiddlewareHandler {
  const limit = bodyLimit({ maxSize, onError });
  return async (c, next) => {
    let isRead = false;
    const pass = (): Promise<void> => {
      isRead = true;
      return next();
    };
    try {
      return await limit(c, pass);
    } catch (error) {
      throw isRead ? error : unreadable();
    }
  };
}

/** Reads what nobody has read; what the token or the address made unwanted. */
export async function readToItsEnd(request: Request): Promise<void> {
  if (request.body === null || request.bodyUsed) return;
  // The caller going away meanwhile is nobody's failure.
  await request.arrayBuffer().catch(() => undefined);
}

/** Throws a body away that is too large to be kept. @returns whether it was read to its end. */
export async function discard(request: Request): Promise<boolean> {
  if (request.body === null || request.bodyUsed || request.body.locked) return false;
  const reader = request.body.getReader();
  try {
    for (let read = 0; read <= MAX_DISCARDED_BYTES;) {
      const { done, value } = await reader.read();
      if (done) return true;
      read += value.byteLength;
    }
  } catch {
    // The caller went away.
  }
  return false;
}

/** A body of so many digits of bytes is on its way as a whole, mostly. */
const SMALL = /^\d{1,5}$/;
const SMALL_MS = 500;

/**
 * Throws a stranger's body away if it is said to be small: workerd ends a connection on which some of one is left, and
 * with it the next request. Larger ones, or of no stated length, are left unread, and so is what does not come in time.
 */
export async function dropSmall(request: Request): Promise<void> {
  if (!SMALL.test(request.headers.get("content-length") ?? "")) return;
  await Promise.race([discard(request), pause(SMALL_MS, undefined)]);
}
