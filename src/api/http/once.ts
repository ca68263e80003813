import type { Db } from "../../db/client.ts";
import { WarmpoolError } from "../../domain/core/errors.ts";
import { sha256 } from "../../domain/core/hash.ts";
import { dropKey, keepAnswer, type KeyedRequest, takeKey } from "../../domain/access/idempotency.ts";
import type { Told } from "../failures.ts";
import { logFailure } from "../log.ts";
import { problemOf, problemResponse } from "./problem.ts";

/** Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the same request under the same key is done once. */

/** What a request ended with, before it is put into a response. */
export type Outcome = { ok: true; value: unknown } | { ok: false; told: Told };

/** The key as it is, or as the string of a structured field: `"…"`. @throws WarmpoolError BAD_REQUEST. */
export function readKey(header: string): string {
  const key = /^"(?<quoted>[\x20-\x21\x23-\x7e]+)"$|^(?<plain>[\x21\x23-\x7e]+)$/.exec(header)?.groups;
  const text = key?.["quoted"] ?? key?.["plain"] ?? "";
  if (text === "" || text.length > 255)
    throw new WarmpoolError("BAD_REQUEST", "Idempotency-Key: must be 1 to 255 printable ASCII characters");
  return text;
}

/**
 * The request as its key's table knows it. A body may hold a secret that could be guessed: the bearer, of which the
 * database has a hash, makes this one that nobody else can try guesses at. Not WARMPOOL_SECRET_KEY: changing that would
 * make a repeat another request.
 */
export async function keyed(bearer: string, key: string, request: string): Promise<KeyedRequest> {
  return {
    holder: await sha256(bearer),
    key,
    fingerprint: await sha256(`${bearer}\n${request}`),
  };
}

/**
 * Does it under its key, or gives the answer that is kept. Answers that say "try again" (5xx) or that nothing was
 * understood (400) are not kept: the key is free for the next try.
 * @param hide makes the body that is kept out of the one that is given
 */
export async function once(
  db: Db,
  request: KeyedRequest,
  run: () => Promise<Outcome>,
  hide: (value: unknown) => unknown,
): Promise<Response> {
  const taking = await takeKey(db, request);
  switch (taking.outcome) {
    case "answered":
      return replay(taking.answer.status, taking.answer.body);
    case "busy":
      return problemResponse(
        conflict("the request with this Idempotency-Key is still running; retry to get its response"),
        { "retry-after": "1" },
      );
    case "other":
      return problemResponse(
        conflict("this Idempotency-Key was used for a different request; use a new key for each request"),
      );
    case "taken":
      break;
  }
  const outcome = await run();
  const answer = outcome.ok
    ? { status: 200, body: hide(outcome.value) }
    : { status: outcome.told.httpStatus, body: problemOf(outcome.told) };
  const isFinal = answer.status < 500 && answer.status !== 400;
  await (isFinal ? keepAnswer(db, request, answer) : dropKey(db, request)).catch((error: unknown) =>
    logFailure("the answer under an Idempotency-Key was not kept", error),
  );
  return respond(outcome);
}

/** The answer to what a request ended with. */
export function respond(outcome: Outcome): Response {
  return outcome.ok ? answer(200, outcome.value) : problemResponse(outcome.told);
}

function replay(status: number, body: unknown): Response {
  const response = answer(status, body);
  if (status >= 400) response.headers.set("content-type", "application/problem+json");
  response.headers.set("idempotency-replayed", "true");
  return response;
}

function answer(status: number, body: unknown): Response {
  return Response.json(body ?? null, { status, headers: { "cache-control": "no-store" } });
}

function conflict(message: string): Told {
  return { code: "CONFLICT", httpStatus: 409, message };
}
