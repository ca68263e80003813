import {
  createTRPCClient,
  httpLink,
  httpSubscriptionLink,
  isTRPCClientError,
  splitLink,
  type TRPCClient,
} from "@trpc/client";
import type { ErrorCode } from "../../contract/errors.ts";
import type { AppRouter } from "../../client/router.ts";
import { timedFetch } from "../../client/transport.ts";

/**
 * The server that this page came from. It knows the caller by the session's cookie, which the browser sends by itself:
 * no script of the page ever has a token. Every call ends within its timeout.
 */
const TIMEOUT_SECONDS = 30;

const calls = { url: "/trpc", fetch: timedFetch((input, init) => fetch(input, init), TIMEOUT_SECONDS) };

export const server: TRPCClient<AppRouter> = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: (operation) => operation.type === "subscription",
      true: httpSubscriptionLink({ url: "/trpc" }),
      false: splitLink({
        condition: (operation) => operation.path === "pool.plan",
        // A whole spec with its keys is longer than an address may be.
        true: httpLink({ ...calls, methodOverride: "POST" }),
        false: httpLink(calls),
      }),
    }),
  ],
});

/** The code that the server answered with; null if there was no such answer (unreachable, timed out, aborted). */
export function codeOf(error: unknown): ErrorCode | null {
  return isTRPCClientError<AppRouter>(error) ? (error.data?.code ?? null) : null;
}

/** Why a call failed, as a sentence for a person. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code !== null && error instanceof Error) return sentence(error.message);
  if (error instanceof SignInError) return error.message;
  return "The server does not respond. Check that it is running and that you are connected to it.";
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** A sign-in that the server refused; its message is for the person. */
export class SignInError extends Error {}
