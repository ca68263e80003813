/** A relay that cannot go on. The message is for the person who runs it: what, why, what to do. */
export class RelayError extends Error {
  override name = "RelayError";
}

/** What was typed cannot be carried out as it stands: nothing was tried. */
export class WrongUse extends RelayError {
  override name = "WrongUse";
}

/** Somebody else may hold the operation now: stop at once, finish nothing. */
export class LeaseLost extends Error {
  override name = "LeaseLost";
}

/** The edge no longer wants the operation: end it and say so. */
export class Cancelled extends Error {
  override name = "Cancelled";
}

/** The edge has not taken what it was told of an operation, and would not the next time: the lease goes on without it. */
export class ReportRefused extends Error {
  override name = "ReportRefused";
}

/** The relay is told to stop. */
export class Stopping extends Error {
  override name = "Stopping";
}

/** An error's own words, for a cause or a log line. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
