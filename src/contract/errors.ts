/** The closed set of codes a caller can meet, on tRPC (`data.code`), admin HTTP and in the CLI. */
export const ERROR_CODES = [
  "BAD_REQUEST",
  "UNAUTHORIZED",
  "FORBIDDEN",
  "NOT_FOUND",
  "CONFLICT",
  "NO_CAPACITY",
  "POOL_PAUSED",
  "LEASE_LOST",
  "RATE_LIMITED",
  "UNAVAILABLE",
  "INTERNAL",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];
