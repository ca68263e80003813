import type { ErrorCode } from "../../contract/errors.ts";

/** What the command line answers to scripts; part of the published interface. */
export const EXIT = { done: 0, failed: 1, wrongUse: 2, notFound: 3, conflict: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_CODE: Record<ErrorCode, ExitCode> = {
  BAD_REQUEST: EXIT.wrongUse,
  UNAUTHORIZED: EXIT.failed,
  FORBIDDEN: EXIT.failed,
  NOT_FOUND: EXIT.notFound,
  CONFLICT: EXIT.conflict,
  NO_CAPACITY: EXIT.conflict,
  POOL_PAUSED: EXIT.conflict,
  LEASE_LOST: EXIT.failed,
  RATE_LIMITED: EXIT.failed,
  UNAVAILABLE: EXIT.failed,
  INTERNAL: EXIT.failed,
};

/** The exit code for an error answer of the API. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return BY_CODE[code];
}

/** A failure of the command itself. `message` says what and why, `hint` what to do about it. */
export class CliError extends Error {
  readonly exit: ExitCode;
  readonly hint: string | null;
  constructor(exit: ExitCode, message: string, hint: string | null = null, options?: ErrorOptions) {
    super(message, options);
    this.name = "CliError";
    this.exit = exit;
    this.hint = hint;
  }
}
