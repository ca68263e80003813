import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { requestId } from "hono/request-id";
import { WarmpoolError } from "../pool/errors.ts";
import type { Edge } from "./edge.ts";
import { health } from "./health.ts";
import { metrics } from "./metrics.ts";
import { appRouter } from "./router.ts";

/** Recipes with their scripts are the largest thing anybody sends. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** The whole HTTP surface, the same for every entry. An entry calls `app.fetch(request, edge)`. */
export function createApp() {
  const app = new Hono<{ Bindings: Edge }>();
  app.use(requestId({ headerName: "" }));
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c) => c.json(tooLarge(), 413),
    }),
  );
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
      }),
      responseMeta: ({ errors }) =>
        errors.some((error) => error.cause instanceof WarmpoolError && error.cause.code === "UNAVAILABLE")
          ? { headers: { "retry-after": "1" } }
          : {},
    }),
  );
  app.notFound((c) => c.json(told("NOT_FOUND", 404, "there is nothing at this address"), 404));
  app.onError((_, c) => c.json(told("INTERNAL", 500, "something went wrong"), 500));
  return app;
}

function bearerOf(header: string | undefined): string | null {
  return /^Bearer ([\x21-\x7e]{1,200})$/i.exec(header ?? "")?.[1] ?? null;
}

function tooLarge() {
  return told("BAD_REQUEST", 413, `the body is larger than ${MAX_BODY_BYTES} bytes; send less`);
}

/** An error in the form that a tRPC client understands. */
function told(code: "BAD_REQUEST" | "NOT_FOUND" | "INTERNAL", httpStatus: number, message: string) {
  return { error: { message, code: -32_600, data: { code, httpStatus, path: null } } };
}
