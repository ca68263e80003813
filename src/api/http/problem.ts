import { TRPCError } from "@trpc/server";
import * as z from "zod";
import { ERROR_CODES } from "../../contract/errors.ts";
import { HTTP_STATUS } from "../../domain/core/errors.ts";
import { asWarmpoolError, tellTrpcError, type Told } from "../failures.ts";

/** Errors in the format of RFC 9457. `code` is one of the closed set; `detail` says what, why and what to do. */
export const problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(ERROR_CODES),
    detail: z.string(),
    /** Finds an INTERNAL in the edge's log. */
    requestId: z.string().optional(),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof problem>;

/** The title of a code for people. */
const TITLES: Record<Told["code"], string> = {
  BAD_REQUEST: "The request is invalid",
  UNAUTHORIZED: "The token is missing or invalid",
  FORBIDDEN: "The token may not do this",
  NOT_FOUND: "Not found",
  CONFLICT: "Conflicts with the current state",
  NO_CAPACITY: "No machine is ready",
  POOL_PAUSED: "The pool is paused",
  LEASE_LOST: "The lease is lost",
  RATE_LIMITED: "Too many requests",
  UNAVAILABLE: "Temporarily unavailable",
  INTERNAL: "Something went wrong",
};

/** The problem for anything that was thrown. */
export function tell(error: unknown, requestId: string): Told {
  if (error instanceof TRPCError) return tellTrpcError(error, requestId);
  const { code, message } = asWarmpoolError(error, requestId);
  return { code, httpStatus: HTTP_STATUS[code], message, ...(code === "INTERNAL" ? { requestId } : {}) };
}

/** The body of an error response. */
export function problemOf(told: Told): Problem {
  return {
    type: `urn:warmpool:problem:${told.code.toLowerCase().replaceAll("_", "-")}`,
    title: TITLES[told.code],
    status: told.httpStatus,
    code: told.code,
    detail: told.message,
    ...(told.requestId === undefined ? {} : { requestId: told.requestId }),
  };
}

/** The response for an error. `headers` are those that the status requires: Allow, Retry-After. */
export function problemResponse(told: Told, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(problemOf(told)), {
    status: told.httpStatus,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(told.code === "UNAUTHORIZED" ? { "www-authenticate": "Bearer" } : {}),
      ...(told.code === "UNAVAILABLE" ? { "retry-after": "1" } : {}),
      ...headers,
    },
  });
}
