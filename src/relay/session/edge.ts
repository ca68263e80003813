import { createTRPCUntypedClient, httpLink, TRPCClientError } from "@trpc/client";
import type { z } from "zod";
import { ERROR_CODES, type ErrorCode } from "../../contract/errors.ts";
import type {
  finishInput,
  FinishResult,
  joinInput,
  JoinResult,
  leaseInput,
  LeaseResult,
  openInput,
  OpenResult,
  renewInput,
  RenewResult,
  reportInput,
  ReportResult,
} from "../../contract/relay.ts";
import { RelayError, wordsOf } from "../errors.ts";
import { backoff, within } from "../time/pause.ts";

/** The relay's side of the protocol in src/contract/relay.ts: six calls to the edge, each with a timeout. */
export type Edge = {
  join(input: z.input<typeof joinInput>, signal: AbortSignal): Promise<JoinResult>;
  open(input: z.input<typeof openInput>, signal: AbortSignal): Promise<OpenResult>;
  lease(input: z.input<typeof leaseInput>, signal: AbortSignal): Promise<LeaseResult>;
  renew(input: z.input<typeof renewInput>, signal: AbortSignal): Promise<RenewResult>;
  finish(input: z.input<typeof finishInput>, signal: AbortSignal): Promise<FinishResult>;
  report(input: z.input<typeof reportInput>, signal: AbortSignal): Promise<ReportResult>;
};

/** `UNREACHABLE` is this side's own code: no answer, or none that Warmpool gives. */
export class EdgeError extends Error {
  readonly code: ErrorCode | "UNREACHABLE";
  readonly retryAfterSeconds: number;
  constructor(code: EdgeError["code"], message: string, retryAfterSeconds: number, options?: ErrorOptions) {
    super(message, options);
    this.name = "EdgeError";
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Whether the edge has refused this relay itself; after anything else a later try may go better. */
export function endsSession(error: unknown): error is EdgeError {
  return error instanceof EdgeError && ["LEASE_LOST", "UNAUTHORIZED", "FORBIDDEN"].includes(error.code);
}

/** Milliseconds to wait after the `failures`th failure in a row: the backoff, or what the edge asked for. */
export function retryMs(error: unknown, failures: number): number {
  const asked = error instanceof EdgeError ? Math.min(30, error.retryAfterSeconds) * 1000 : 0;
  return Math.max(backoff(failures), asked);
}

const CALL_SECONDS = 10;
const LEASE_SECONDS = 35;

/** `bearer` is the join token for `join` and the node's credential for everything else. */
export function connectEdge(url: string, bearer: string): Edge {
  // What fetch refuses it quotes, with the password that may be in it.
  if (url.includes("@") || !URL.canParse(url)) {
    throw new RelayError(
      "The edge's URL must look like https://warmpool.example.com, without a user or password.",
    );
  }
  const client = createTRPCUntypedClient({
    links: [httpLink({ url: new URL("/trpc", url).href, headers: { authorization: `Bearer ${bearer}` } })],
  });
  async function call<Result>(
    procedure: string,
    input: unknown,
    seconds: number,
    signal: AbortSignal,
  ): Promise<Result> {
    try {
      // The edge is this relay's only authority: its answers are taken as the contract types them.
      return (await client.mutation(`relay.${procedure}`, input, {
        signal: within(seconds, signal),
      })) as Result;
    } catch (error) {
      signal.throwIfAborted();
      throw toEdgeError(error, url, procedure);
    }
  }
  return {
    join: (input, signal) => call("join", input, CALL_SECONDS, signal),
    open: (input, signal) => call("open", input, CALL_SECONDS, signal),
    lease: (input, signal) => call("lease", input, LEASE_SECONDS, signal),
    renew: (input, signal) => call("renew", input, CALL_SECONDS, signal),
    finish: (input, signal) => call("finish", input, CALL_SECONDS, signal),
    report: (input, signal) => call("report", input, CALL_SECONDS, signal),
  };
}

function toEdgeError(error: unknown, url: string, procedure: string): EdgeError {
  const data: unknown = error instanceof TRPCClientError ? (error.data as unknown) : null;
  const response = error instanceof TRPCClientError ? error.meta?.["response"] : undefined;
  const after = response instanceof Response ? Number(response.headers.get("retry-after") ?? 0) : 0;
  const code = ERROR_CODES.find((known) => known === (data as { code?: unknown } | null)?.code);
  if (code !== undefined) {
    return new EdgeError(code, `relay.${procedure}: ${wordsOf(error)}`, Number.isFinite(after) ? after : 0);
  }
  const status = response instanceof Response ? `, HTTP ${response.status}` : "";
  return new EdgeError(
    "UNREACHABLE",
    `No response from ${url} to relay.${procedure}${status}: ${causeOf(error)}`,
    0,
    {
      cause: error,
    },
  );
}

/** `fetch failed` says nothing: the reason is further in. */
function causeOf(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
  return wordsOf(innermost);
}
