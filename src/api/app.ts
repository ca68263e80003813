import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import type { Context, MiddlewareHandler } from "hono";
import { Hono } from "hono/tiny";
import { requestId, type RequestIdVariables } from "hono/request-id";
import { WarmpoolError } from "../domain/core/errors.ts";
import { createFeed } from "../domain/events/feed.ts";
import { boundBody, discard, dropSmall, MAX_BODY_BYTES, readToItsEnd } from "./body.ts";
import { callerBy, credentialOf } from "./credential.ts";
import { dashboard } from "./dashboard.ts";
import type { Edge } from "./edge.ts";
import { rpcCodeOf } from "./failures.ts";
import { type Admitted, createGate, type Refused, tooMany } from "./gate.ts";
import { health } from "./health.ts";
import { problemResponse, tell } from "./http/problem.ts";
import { createAdminHttp } from "./http/serve.ts";
import { logFailure } from "../domain/core/log.ts";
import { LIMITS, MAX_BATCH } from "./limits.ts";
import { metrics } from "./metrics.ts";
import { foreignOrigin, originOf } from "./origin.ts";
import { procedures } from "./procedures.ts";
import { createRefusals, type Refusals } from "./refusals.ts";
import { appRouter } from "./router.ts";
import { createSessionHttp } from "./sessionHttp.ts";
import { traceparentOf } from "./traceparent.ts";
import { createStreams, TOO_MANY_STREAMS } from "./streams.ts";

/** When to retry: streams end after minutes, or as soon as their testers are served. */
const STREAM_WAIT_SECONDS = 5;

type Vars = { Bindings: Edge; Variables: RequestIdVariables & { admitted: Admitted } };

/** Concurrent tabs of one tester's page. */
const PAGE_STREAMS = 10;

/** The only document that needs no token. */
const OPEN = "/admin/v1/openapi.json";
const STREAMS = new Set(
  procedures().flatMap(({ path, type }) => (type === "subscription" ? [path] : [])) as string[],
);

/** The whole HTTP surface, the same for every entry. An entry calls `app.fetch(request, edge)`. */
export function createApp(refusals: Refusals = createRefusals()) {
  const app = new Hono<Vars>();
  const gate = createGate(refusals);
  const streams = createStreams();
  const feed = createFeed();
  app.use(requestId({ headerName: "" }));
  app.get("/healthz", async (c) => {
    const view = await health(c.env.connection.db, c.env.problems ?? []);
    return c.json(view, view.status === "failing" ? 503 : 200);
  });
  /** The caller is identified first: for unknown callers neither the body nor the procedures are read. */
  const admit: MiddlewareHandler<Vars> = async (c, next) => {
    if (c.req.path === OPEN && isRead(c.req.method)) return next();
    const credential = credentialOf(c.req.raw.headers);
    const admitted = await gate.admit(c.env, credential, callsOf(c).length, c.get("requestId"));
    if ("told" in admitted) {
      await dropSmall(c.req.raw);
      return refuse(c, admitted);
    }
    // A browser sends the cookie with the requests of any page, so a change must come from Warmpool's own origin.
    const foreign =
      credential?.as === "session" && !isRead(c.req.method) ? foreignOrigin(c.req.raw, c.env) : null;
    if (foreign !== null) {
      await readToItsEnd(c.req.raw);
      return refuse(c, { told: { code: "FORBIDDEN", httpStatus: 403, message: foreign }, headers: {} });
    }
    c.set("admitted", admitted);
    await next();
    await readToItsEnd(c.req.raw);
  };
  const limitBody = boundBody(async (c) => {
    const isRead = await discard(c.req.raw);
    const message = `the body is larger than ${MAX_BODY_BYTES} bytes; send less`;
    const response = refuse(c, { told: { code: "BAD_REQUEST", httpStatus: 413, message }, headers: {} });
    // The rest of the body is not read, so nothing can follow it on this connection.
    if (!isRead) response.headers.set("connection", "close");
    return response;
  });
  for (const path of ["/trpc/*", "/admin/v1/*", "/metrics"]) app.use(path, admit, limitBody);
  app.get("/metrics", async (c) => {
    await refusals.write(c.env).catch((error: unknown) => logFailure("refusals were not counted", error));
    return metrics(c.env, c.get("admitted").caller, c.get("requestId"));
  });
  app.all("/trpc/*", async (c) => {
    const { caller, credential, hash } = c.get("admitted");
    const calls = callsOf(c);
    if (calls.length > MAX_BATCH) {
      const message = `the batch has ${calls.length} procedures, but at most ${MAX_BATCH} are allowed; send several batches`;
      return refuse(c, { told: { code: "BAD_REQUEST", httpStatus: 400, message }, headers: {} });
    }
    const type = c.req.header("content-type");
    if (type !== undefined && !/^application\/json\s*(;|$)/i.test(type)) {
      const message = "send JSON with content-type: application/json";
      return refuse(c, { told: { code: "BAD_REQUEST", httpStatus: 415, message }, headers: {} });
    }
    const limits = { ...LIMITS, ...c.env.limits };
    const streamsPerToken =
      caller.role === "tester" ? Math.min(limits.streamsPerToken, PAGE_STREAMS) : limits.streamsPerToken;
    if (calls.some((path) => STREAMS.has(path)) && streams.isFull(hash, streamsPerToken)) {
      refusals.note("too_many_streams");
      return refuse(c, tooMany(TOO_MANY_STREAMS, STREAM_WAIT_SECONDS));
    }
    return fetchRequestHandler({
      endpoint: "/trpc",
      req: c.req.raw,
      // A query may also be a POST: the input of pool.plan does not fit into a URL.
      allowMethodOverride: true,
      maxBatchSize: MAX_BATCH,
      router: appRouter,
      createContext: () => ({
        ...c.env,
        requestId: c.get("requestId"),
        traceparent: traceparentOf(c.req.raw),
        caller,
        credential,
        openStream: () => streams.open(hash, streamsPerToken, c.req.raw.signal),
        origin: originOf(c.req.raw, c.env),
        feed,
        isStillKnown: () =>
          callerBy(c.env.connection.db, credential, c.env.adminToken).then(
            () => true,
            () => false,
          ),
      }),
      responseMeta: ({ errors }) =>
        errors.some((error) => error.cause instanceof WarmpoolError && error.cause.code === "UNAVAILABLE")
          ? { headers: { "retry-after": "1" } }
          : {},
    });
  });
  app.route("/admin/v1", createAdminHttp(feed));
  app.route("/session", createSessionHttp(gate));
  app.get("*", async (c, next) => (await dashboard(c.req.raw, c.env.files)) ?? next());
  app.notFound((c) =>
    refuse(c, {
      told: { code: "NOT_FOUND", httpStatus: 404, message: "no such address" },
      headers: {},
    }),
  );
  app.onError((error, c) => refuse(c, { told: tell(error, c.get("requestId")), headers: {} }));
  return app;
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** The procedures of a tRPC request, parsed from its path as tRPC does; one for any other request. */
function callsOf(c: Context<Vars>): string[] {
  const { pathname, searchParams } = new URL(c.req.url);
  const path = decoded(pathname.replace(/^\/trpc\/?/, ""));
  return pathname.startsWith("/trpc") && searchParams.get("batch") === "1" ? path.split(",") : [path];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An error outside of any procedure or route, in the format of the caller's protocol. */
function refuse(c: Context<Vars>, { told, headers }: Refused): Response {
  if (!c.req.path.startsWith("/trpc")) return problemResponse(told, headers);
  const { message, ...data } = told;
  return Response.json(
    { error: { message, code: rpcCodeOf(told.code), data: { ...data, path: null } } },
    {
      status: told.httpStatus,
      headers: told.code === "UNAVAILABLE" ? { "retry-after": "1", ...headers } : headers,
    },
  );
}
