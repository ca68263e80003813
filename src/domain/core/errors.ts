import type { ErrorCode } from "../../contract/errors.ts";

/** The only error the domain throws on purpose. Its message is written for the caller: what, why, what to do. */
export class WarmpoolError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "WarmpoolError";
    this.code = code;
  }
}

/** The HTTP status each code travels with, everywhere. */
export const HTTP_STATUS: Record<ErrorCode, number> = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  NO_CAPACITY: 409,
  POOL_PAUSED: 409,
  LEASE_LOST: 409,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  INTERNAL: 500,
};
