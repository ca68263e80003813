// tRPC's declarations name Disposable; with this they compile whatever `lib` the importing project has chosen.
/// <reference lib="esnext.disposable" preserve="true" />
import { createTRPCClient, httpLink, httpSubscriptionLink, isTRPCClientError, splitLink } from "@trpc/client";
import type { TRPCClient, TRPCClientError } from "@trpc/client";
import { EventSource } from "eventsource";
import type { ErrorCode } from "../contract/errors.ts";
import type { AppRouter } from "./router.ts";
import { eventStreamFetch, timedFetch } from "./transport.ts";

/**
 * The typed client of Warmpool, published as `warmpool/client`. It runs where `fetch` does: Node, Workers, browsers.
 * Calls are plain HTTP requests; `tester.watch` is an event stream that reconnects and goes on where it was.
 */

export type { Assignment, AssignmentState, AssignResult, Page, SetupLog } from "../contract/assignment.ts";
export type { ErrorCode } from "../contract/errors.ts";
export type { HostKey, MachineState, MachineView } from "../contract/machine.ts";
export type { EnrollResult, NodeView } from "../contract/node.ts";
export type { PoolSpec, PoolSpecInput, PoolView } from "../contract/pool.ts";
export type { Recipe, RecipeView } from "../contract/recipe.ts";
export type { DutyHeartbeat, DutyOutcome } from "../contract/sweep.ts";
export type { AppRouter, ErrorData } from "./router.ts";

export type WarmpoolClient = TRPCClient<AppRouter>;
export type WarmpoolError = TRPCClientError<AppRouter>;

export type ClientOptions = {
  /** Where Warmpool answers, such as `https://warmpool.example.com`; `/trpc` is added. */
  url: string;
  /** `wp_app_…` for testers, `wp_admin_…` for everything. */
  token: string;
  /** Used instead of the global `fetch`. */
  fetch?: typeof globalThis.fetch;
  /** How long a call may take, and an event stream until it begins; 30 s where it is left out. */
  timeoutSeconds?: number;
};

/**
 * A client for the Warmpool at `url`. Nothing is sent before the first call.
 * Calls reject with a `WarmpoolError`; `errorCode` tells what kind. Ending `signal` ends a call early.
 * @throws {TypeError} where `url` is no http or https URL.
 * @example
 * const warmpool = createClient({ url: "http://127.0.0.1:8787", token });
 * const { assignment } = await warmpool.tester.assign.mutate({ username: "alice", sshKeys: [key] });
 */
export function createClient(options: ClientOptions): WarmpoolClient {
  const { token, timeoutSeconds = 30 } = options;
  const url = endpoint(options.url);
  // Looked up at each call, so that a `fetch` that is put in place later (instrumentation) is used too.
  const fetch: typeof globalThis.fetch = (input, init) => (options.fetch ?? globalThis.fetch)(input, init);
  const calls = {
    url,
    headers: { authorization: `Bearer ${token}` },
    fetch: timedFetch(fetch, timeoutSeconds),
  };
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === "subscription",
        true: httpSubscriptionLink({
          url,
          EventSource,
          eventSourceOptions: { fetch: eventStreamFetch(fetch, token, timeoutSeconds) },
        }),
        false: splitLink({
          condition: (operation) => operation.path === "pool.plan",
          // A whole spec with its keys is longer than an address may be.
          true: httpLink({ ...calls, methodOverride: "POST" }),
          false: httpLink(calls),
        }),
      }),
    ],
  });
}

/** Whether it is an error of a client's call: an error answer, or no answer at all. */
export function isWarmpoolError(error: unknown): error is WarmpoolError {
  return isTRPCClientError<AppRouter>(error);
}

/** The code that Warmpool answered with; null where there was no such answer (unreachable, timed out, aborted). */
export function errorCode(error: unknown): ErrorCode | null {
  return isWarmpoolError(error) ? (error.data?.code ?? null) : null;
}

function endpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (text.includes("@")) {
    throw new TypeError(
      "the URL of a Warmpool must not contain a user or password; pass the token separately",
    );
  }
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`"${text}" is not a URL of a Warmpool; use one such as http://127.0.0.1:8787`);
  }
  return `${url.origin}${withoutSlash(url.pathname)}/trpc`;
}

function withoutSlash(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}
