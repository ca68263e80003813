import type { Db } from "../../db/client.ts";
import { WarmpoolError } from "../../domain/core/errors.ts";
import { sha256 } from "../../domain/core/hash.ts";
import { dropKey, keepAnswer, type KeyedRequest, takeKey } from "../../domain/access/idempotency.ts";
import type { Told } from "../failures.ts";
import { logFailure } from "../../domain/core/log.ts";
import { problemOf, problemResponse } from "./problem.ts";

/** Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a request with the same key is executed once. */

/** The result of a request, before it becomes a response. */
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
 * The request's fingerprint in the table of keys. A body may contain a secret that could be guessed: keyed with the bearer, of which the
 * database has only a hash, nobody else can test guesses. Not with WARMPOOL_SECRET_KEY: changing that would
 * make a repeat a different request.
 */
export async function keyed(bearer: string, key: string, request: string): Promise<KeyedRequest> {
  return {
    holder: await sha256(bearer),
    key,
    fingerprint: await sha256(`${bearer}\n${request}`),
  };
}

/**
 * Executes the request under its key, or returns the stored response. Responses that mean "retry" (5xx) or "not
 * understood" (400) are not stored: the key is free for the next attempt.
 * @param hide converts the body into the one that is stored
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

/** The response for the result of a request. */
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
