import { errorCode, isWarmpoolError } from "../../client/index.ts";
import { own } from "../../contract/own.ts";
import type { ErrorCode } from "../../contract/errors.ts";
import { NOT_MIGRATED } from "../../contract/schema.ts";
import { CliError, EXIT, exitCodeOf } from "./exit.ts";
import type { ExitCode } from "./exit.ts";
import { trimDot } from "./text.ts";

/** A failure as a person and a script get it: what happened and why, what to do, and the exit code. */
export type Failure = {
  message: string;
  hint: string | null;
  exit: ExitCode;
  /** The API's code; null where the command itself failed. */
  code: ErrorCode | null;
};

/** What `--json` prints of a failure, on one line of standard error: standard output holds answers only. */
export function failureJson({ message, hint, exit, code }: Failure): { error: object } {
  return { error: { code, message, hint, exit } };
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  UNAUTHORIZED: "Check --token or WARMPOOL_TOKEN; the token may have been revoked.",
  FORBIDDEN: "This token may not do that. Use one with the required role (usually admin).",
  NO_CAPACITY: "Omit --no-queue to wait in the queue, or look at the pool with `warmpool status`.",
  POOL_PAUSED: "Resume the pool, or use another one with --pool.",
  RATE_LIMITED: "Wait a moment and try again.",
  UNAVAILABLE: "Warmpool or its database is overloaded or just starting. Try again in a moment.",
};

/** Node's network error codes in words; any other one is shown as it is. */
const NETWORK: Record<string, string> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was lost",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the host name cannot be resolved now",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "the connection timed out",
  UND_ERR_SOCKET: "the connection was lost",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
};

/** What Node says of a certificate whose issuer it does not know. */
const UNKNOWN_CA = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** Puts any error that a verb threw into words. `url` is where the CLI talked to, null where it did not get so far. */
export function failureOf(error: unknown, url: string | null): Failure {
  if (error instanceof CliError) {
    const { message, hint, exit, cause } = error;
    // One that only says better what the API answered keeps its code.
    return { message, hint, exit, code: errorCode(cause) };
  }
  const code = errorCode(error);
  if (isWarmpoolError(error) && code !== null) {
    const request = error.data?.requestId;
    const hint =
      code === "INTERNAL" && request !== undefined
        ? `The cause is in the server's log under the request id ${request}.`
        : error.message === NOT_MIGRATED
          ? null
          : (HINTS[code] ?? null);
    return { message: `${trimDot(error.message)} (${code}).`, hint, exit: exitCodeOf(code), code };
  }
  if (isWarmpoolError(error)) return unanswered(error, url ?? "Warmpool");
  const message = error instanceof Error ? error.message : String(error);
  return { message, hint: null, exit: EXIT.failed, code: null };
}

/**
 * Runs a call, and says what to do where it is refused with `code`: the API's own words are for its callers, this is
 * for who sits at the command line.
 * @throws CliError with the hint, or whatever else the call throws.
 */
export async function advised<T>(code: ErrorCode, hint: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (errorCode(error) !== code) throw error;
    const { message, exit } = failureOf(error, null);
    throw new CliError(exit, message, hint, { cause: error });
  }
}

function unanswered(error: Error, url: string): Failure {
  const causes = [...causeChain(error)];
  if (causes.some((cause) => cause.name === "TimeoutError")) {
    return {
      message: `${url} did not respond in time.`,
      hint: `It may be overloaded: see ${url}/healthz.`,
      exit: EXIT.failed,
      code: null,
    };
  }
  const network = causes.map(networkCode).find((code) => code !== undefined);
  if (network !== undefined && UNKNOWN_CA.has(network)) {
    return {
      message: `cannot trust ${url}: no CA that this host knows has signed its certificate (${network}).`,
      hint: "If it is a private CA, set NODE_EXTRA_CA_CERTS to the file of its certificate.",
      exit: EXIT.failed,
      code: null,
    };
  }
  // `fetch` fails with a TypeError where no answer came; anything else went wrong in reading one.
  if (network !== undefined || causes.some((cause) => cause instanceof TypeError)) {
    const why = network === undefined ? causes.at(-1)?.message : (own(NETWORK, network) ?? network);
    return {
      message: `cannot reach ${url}: ${why}.`,
      hint: "Warmpool may not be running: try npm start, or another URL with --url.",
      exit: EXIT.failed,
      code: null,
    };
  }
  return {
    message: `${url} returned a response that is not from Warmpool: ${trimDot(error.message)}.`,
    hint: "Check the URL in --url or WARMPOOL_URL.",
    exit: EXIT.failed,
    code: null,
  };
}

function* causeChain(error: unknown): Generator<Error> {
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    yield at;
    // A host with several addresses fails with one error for each of them.
    if (at instanceof AggregateError) yield* at.errors.filter((each) => each instanceof Error);
  }
}

function networkCode(error: Error): string | undefined {
  return "code" in error && typeof error.code === "string" && /^[A-Z_]+$/.test(error.code)
    ? error.code
    : undefined;
}
