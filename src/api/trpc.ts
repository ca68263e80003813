import { initTRPC } from "@trpc/server";
import { WarmpoolError } from "../domain/core/errors.ts";
import type { Actor } from "../domain/core/reasons.ts";
import type { Caller } from "../domain/access/tokens.ts";
import { afterwards } from "../domain/follow/follow.ts";
import type { Feed } from "../domain/events/feed.ts";
import { allowedRoles, type Audience } from "./access.ts";
import type { Credential } from "./credential.ts";
import type { Edge } from "./edge.ts";
import { rpcCodeOf, tellTrpcError, toTrpcError } from "./failures.ts";
import { LONGEST_STREAM_MS, type Place } from "./streams.ts";
import { unstorable } from "./storable.ts";

export type Context = Edge & {
  requestId: string;
  /** The trace of the caller, if it has sent a valid one. */
  traceparent: string | undefined;
  /** The caller, identified by the gate (gate.ts). */
  caller: Caller;
  /** Takes a place for an event stream of the caller; null if there are too many. */
  openStream: () => Place | null;
  /** The start of created links: `https://warmpool.example.com`. */
  origin: string;
  /** The feed of changes, for all watchers on this instance. */
  feed: Feed;
  /** The caller's credential. */
  credential: Credential;
  /** Whether the caller's token, session or link is still valid: for streams, which last longer than the first check. */
  isStillKnown: () => Promise<boolean>;
};

/** A procedure's metadata; docs/procedures.md is generated from it. */
export type Meta = { audience: Audience };

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    isDev: false,
    errorFormatter: ({ error, ctx, path }) => {
      const told = tellTrpcError(error, ctx?.requestId ?? "unknown");
      const { message, ...rest } = told;
      return { message, code: rpcCodeOf(told.code), data: { ...rest, path: path ?? null } };
    },
    sse: {
      maxDurationMs: LONGEST_STREAM_MS,
      // workerd learns that a client is gone when it writes to it: before a watcher's next look (tester.ts), not long after.
      ping: { enabled: true, intervalMs: 500 },
      client: { reconnectAfterInactivityMs: 30_000 },
    },
  });

export const router = t.router;

/** Converts everything that a procedure throws into one of the closed codes; tRPC has wrapped it as an internal error. */
const guarded = t.procedure.use(async ({ ctx, next }) => {
  const result = await next();
  if (!result.ok && result.error.code === "INTERNAL_SERVER_ERROR") {
    throw toTrpcError(result.error.cause ?? result.error, ctx.requestId);
  }
  return result;
});

/** @throws WarmpoolError FORBIDDEN. */
export function mustBe(caller: Caller, allowed: readonly Caller["role"][]): void {
  if (allowed.includes(caller.role)) return;
  throw new WarmpoolError(
    "FORBIDDEN",
    `a token with the role ${caller.role} may not call this; it requires ${allowed.join(" or ")}`,
  );
}

function forAudience(audience: Audience) {
  return guarded.meta({ audience }).use(({ ctx, type, next }) => {
    try {
      mustBe(ctx.caller, allowedRoles(audience, type === "mutation" ? "change" : "read"));
    } catch (error) {
      throw toTrpcError(error, ctx.requestId);
    }
    return next({ ctx: { actor: actorOf(ctx.caller), follow: afterwards(ctx.after) } });
  });
}

function actorOf({ role, name }: Caller): Actor {
  return role === "node" || role === "join" ? `node:${name}` : `${role}:${name}`;
}

/** People's texts are refused if Postgres cannot store them; a relay's texts (logs, causes) are cleaned instead. */
const storable = t.middleware(async ({ ctx, getRawInput, next }) => {
  const problem = unstorable(await getRawInput(), "");
  if (problem !== null) throw toTrpcError(new WarmpoolError("BAD_REQUEST", problem), ctx.requestId);
  return next();
});

/** For the main app and operators. */
export const forApp = forAudience("app").use(storable);
export const forAdmin = forAudience("admin").use(storable);

/** For a node's relay: only the operations of its own node. */
export const forNode = forAudience("node").use(({ ctx, next }) => {
  if (ctx.caller.role !== "node")
    throw toTrpcError(new WarmpoolError("FORBIDDEN", "requires a node's credential"), ctx.requestId);
  return next({ ctx: { node: ctx.caller.node } });
});

/** For the bearer of a one-time join token. */
export const forJoin = forAudience("join").use(({ ctx, next }) => {
  if (ctx.caller.role !== "join")
    throw toTrpcError(new WarmpoolError("FORBIDDEN", "requires a join token"), ctx.requestId);
  return next({ ctx: { node: ctx.caller.node, joinToken: ctx.caller.token } });
});

/** For the bearer of the link to a tester's page: only this assignment. */
export const forPage = forAudience("page")
  .use(storable)
  .use(({ ctx, next }) => {
    if (ctx.caller.role !== "tester")
      throw toTrpcError(
        new WarmpoolError("FORBIDDEN", "requires the link to a tester's page"),
        ctx.requestId,
      );
    const { assignment, link } = ctx.caller;
    return next({ ctx: { assignment, link } });
  });
