import { TRPCError } from "@trpc/server";
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import type { TRPC_ERROR_CODE_NUMBER } from "@trpc/server/rpc";
import { ZodError } from "zod";
import type { ErrorCode } from "../contract/errors.ts";
import { sayIssues } from "../contract/issues.ts";
import { DATABASE_DOWN } from "../contract/outage.ts";
import { NOT_MIGRATED } from "../contract/schema.ts";
import { isNotMigrated, isUnavailable } from "../db/failure.ts";
import { HTTP_STATUS, WarmpoolError } from "../domain/core/errors.ts";
import { logFailure } from "../domain/core/log.ts";

/** The error that a caller gets, for every protocol. It reveals no internals. */
export type Told = { code: ErrorCode; httpStatus: number; message: string; requestId?: string };

const TRPC_CODES: Record<ErrorCode, TRPCError["code"]> = {
  BAD_REQUEST: "BAD_REQUEST",
  UNAUTHORIZED: "UNAUTHORIZED",
  FORBIDDEN: "FORBIDDEN",
  NOT_FOUND: "NOT_FOUND",
  CONFLICT: "CONFLICT",
  NO_CAPACITY: "CONFLICT",
  POOL_PAUSED: "CONFLICT",
  LEASE_LOST: "CONFLICT",
  RATE_LIMITED: "TOO_MANY_REQUESTS",
  UNAVAILABLE: "SERVICE_UNAVAILABLE",
  INTERNAL: "INTERNAL_SERVER_ERROR",
};

/** The number in tRPC's envelope. Clients of a subscription use it to decide whether to reconnect. */
export function rpcCodeOf(code: ErrorCode): TRPC_ERROR_CODE_NUMBER {
  return TRPC_ERROR_CODES_BY_KEY[TRPC_CODES[code]];
}

/** Any error as a tRPC error; an unexpected one is logged under the request's id and contains only that id. */
export function toTrpcError(error: unknown, requestId: string): TRPCError {
  const cause = asWarmpoolError(error, requestId);
  return new TRPCError({ code: TRPC_CODES[cause.code], message: cause.message, cause });
}

/** Any error as one of the closed set. */
export function asWarmpoolError(error: unknown, requestId: string): WarmpoolError {
  if (error instanceof WarmpoolError) return error;
  if (error instanceof ZodError) return new WarmpoolError("BAD_REQUEST", sayIssues(error));
  if (isUnavailable(error)) {
    return new WarmpoolError("UNAVAILABLE", `${DATABASE_DOWN}; retry in a moment`);
  }
  logFailure("request failed", error, { requestId });
  if (isNotMigrated(error)) return new WarmpoolError("UNAVAILABLE", NOT_MIGRATED);
  return new WarmpoolError("INTERNAL", `something went wrong; the log has it under request ${requestId}`);
}

/** The errors of tRPC itself (no such procedure, no JSON, wrong method), with Warmpool's codes and messages. */
export function tellTrpcError(error: TRPCError, requestId: string): Told {
  if (error.cause instanceof WarmpoolError) {
    const { code, message } = error.cause;
    return { code, httpStatus: HTTP_STATUS[code], message, ...(code === "INTERNAL" ? { requestId } : {}) };
  }
  if (error.cause instanceof ZodError) {
    return { code: "BAD_REQUEST", httpStatus: 400, message: sayIssues(error.cause) };
  }
  switch (error.code) {
    case "NOT_FOUND":
      return { code: "NOT_FOUND", httpStatus: 404, message: "there is no such procedure" };
    case "METHOD_NOT_SUPPORTED":
      return { code: "BAD_REQUEST", httpStatus: 405, message: "queries take GET, mutations take POST" };
    case "UNSUPPORTED_MEDIA_TYPE":
      return {
        code: "BAD_REQUEST",
        httpStatus: 415,
        message: "send JSON with content-type: application/json",
      };
    case "PARSE_ERROR":
    case "BAD_REQUEST":
      return {
        code: "BAD_REQUEST",
        httpStatus: 400,
        message: "the request is not JSON in the format of tRPC",
      };
    default: {
      const told = asWarmpoolError(error.cause ?? error, requestId);
      return { code: told.code, httpStatus: HTTP_STATUS[told.code], message: told.message, requestId };
    }
  }
}
