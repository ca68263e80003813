import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { requestId, type RequestIdVariables } from "hono/request-id";
import { WarmpoolError } from "../pool/errors.ts";
import { discard, MAX_BODY_BYTES, readToItsEnd } from "./body.ts";
import type { Edge } from "./edge.ts";
import { rpcCodeOf } from "./failures.ts";
import { health } from "./health.ts";
import { bearerOf } from "./http/bearer.ts";
import { problemResponse } from "./http/problem.ts";
import { createAdminHttp } from "./http/serve.ts";
import { logFailure } from "./log.ts";
import { metrics } from "./metrics.ts";
import { appRouter } from "./router.ts";

/** The whole HTTP surface, the same for every entry. An entry calls `app.fetch(request, edge)`. */
export function createApp() {
  const app = new Hono<{ Bindings: Edge; Variables: RequestIdVariables }>();
  app.use(requestId({ headerName: "" }));
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: async (c) => {
        const isRead = await discard(c.req.raw);
        const response = refuse(
          c,
          "BAD_REQUEST",
          413,
          `the body is larger than ${MAX_BODY_BYTES} bytes; send less`,
        );
        // What is left of the body is not read, so nothing can follow it on this connection.
        if (!isRead) response.headers.set("connection", "close");
        return response;
      },
    }),
  );
  app.use(async (c, next) => {
    await next();
    await readToItsEnd(c.req.raw);
  });
  app.get("/healthz", async (c) => {
    const view = await health(c.env.connection.db);
    return c.json(view, view.status === "failing" ? 503 : 200);
  });
  app.get("/metrics", (c) => metrics(c.env, bearerOf(c.req.header("authorization")), c.get("requestId")));
  app.all("/trpc/*", (c) =>
    fetchRequestHandler({
      endpoint: "/trpc",
      req: c.req.raw,
      // A query may come as POST too: pool.plan takes more than fits into an address.
      allowMethodOverride: true,
      router: appRouter,
      createContext: () => ({
        ...c.env,
        requestId: c.get("requestId"),
        bearer: bearerOf(c.req.header("authorization")),
        caller: null,
      }),
      responseMeta: ({ errors }) =>
        errors.some((error) => error.cause instanceof WarmpoolError && error.cause.code === "UNAVAILABLE")
          ? { headers: { "retry-after": "1" } }
          : {},
    }),
  );
  app.route("/admin/v1", createAdminHttp());
  app.notFound((c) => refuse(c, "NOT_FOUND", 404, "there is nothing at this address"));
  app.onError((error, c) => {
    logFailure("request failed", error, { requestId: c.get("requestId") });
    return refuse(c, "INTERNAL", 500, "something went wrong");
  });
  return app;
}

/** An error outside of any procedure or route, in the form that the caller's protocol has for it. */
function refuse(
  c: Context<{ Bindings: Edge; Variables: RequestIdVariables }>,
  code: "BAD_REQUEST" | "NOT_FOUND" | "INTERNAL",
  httpStatus: 404 | 413 | 500,
  message: string,
): Response {
  const told = {
    code,
    httpStatus,
    message,
    ...(code === "INTERNAL" ? { requestId: c.get("requestId") } : {}),
  };
  return c.req.path.startsWith("/trpc")
    ? c.json({ error: { message, code: rpcCodeOf(code), data: { ...told, path: null } } }, httpStatus)
    : problemResponse(told);
}
