import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { WarmpoolError } from "../domain/core/errors.ts";
import { pause } from "./pause.ts";

/**
 * Bodies are always read to their end: nothing can follow on the connection after an unread rest, and a caller that
 * is still sending would see a broken pipe instead of the response.
 */

/** Recipes with their scripts are the largest thing anybody sends. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** This much of a body that is too large is read and discarded, so that its sender can read the error. */
const MAX_DISCARDED_BYTES = 32 * 1024 * 1024;

/**
 * The problem of an unreadable body: its sender closed the connection, or its framing is not valid
 * HTTP. Node refuses that itself; in workerd the reader gets an error that looks like that of a lost database.
 */
function unreadable(): WarmpoolError {
  return new WarmpoolError(
    "BAD_REQUEST",
    "the body ended early or is not valid HTTP; send the request again",
  );
}

/** The body's text. @throws WarmpoolError BAD_REQUEST if it cannot be read to its end. */
export async function textOf(request: { text(): Promise<string> }): Promise<string> {
  try {
    return await request.text();
  } catch {
    throw unreadable();
  }
}

/**
 * Refuses bodies that are larger than the limit. One without a stated length is read here, and if it cannot be read, that is
 * the caller's error.
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

/** Reads a body that was not needed, because of the token or the address. */
export async function readToItsEnd(request: Request): Promise<void> {
  if (request.body === null || request.bodyUsed) return;
  // A caller that disconnects in the meantime is not an error.
  await request.arrayBuffer().catch(() => undefined);
}

/** Discards a body that is too large. @returns whether it was read to its end. */
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

/** A body whose stated length has at most this many digits has usually arrived completely. */
const SMALL = /^\d{1,5}$/;
const SMALL_MS = 500;

/**
 * Discards the body of an unknown caller if its stated length is small: workerd closes a connection with an unread rest, and
 * loses the next request. Larger bodies, those without a stated length and those that arrive too late are not read.
 */
export async function dropSmall(request: Request): Promise<void> {
  if (!SMALL.test(request.headers.get("content-length") ?? "")) return;
  await Promise.race([discard(request), pause(SMALL_MS, undefined)]);
}
