import { callTRPCProcedure } from "@trpc/server";
import type { Context as HonoContext } from "hono";
import { Hono } from "hono/tiny";
import type { RequestIdVariables } from "hono/request-id";
import { textOf } from "../body.ts";
import type { Feed } from "../../domain/events/feed.ts";
import type { Edge } from "../edge.ts";
import { type Admitted, tooMany } from "../gate.ts";
import { appRouter } from "../router.ts";
import { originOf } from "../origin.ts";
import { traceparentOf } from "../traceparent.ts";
import { type Context, mustBe } from "../trpc.ts";
import { createQueryReader, mustBeEmpty, type RawInput, readBody, Refused, withPath } from "./input.ts";
import { createLimiter } from "./limiter.ts";
import { keyed, once, type Outcome, readKey, respond } from "./once.ts";
import { openApi } from "./openapi.ts";
import { problemResponse, tell } from "./problem.ts";
import { hasBody, pathFields, type Route } from "./route.ts";
import { ROUTES } from "./routes.ts";

type Vars = { Bindings: Edge; Variables: RequestIdVariables & { admitted: Admitted } };
type Served = { route: Route; readQuery: (query: URLSearchParams) => RawInput };

/** Everything under /admin/v1: the table of routes, and the document that describes it. */
export function createAdminHttp(feed: Feed): Hono<Vars> {
  const app = new Hono<Vars>();
  const limiter = createLimiter();
  let document: string | undefined;
  app.all("/openapi.json", (c) => {
    if (!isGet(c)) return wrongMethod(["GET"]);
    document ??= JSON.stringify(openApi(ROUTES));
    return c.body(document, 200, { "content-type": "application/json" });
  });
  for (const [path, routes] of Map.groupBy(ROUTES, (row) => row.path)) {
    const served = new Map<string, Served>(
      routes.map((row) => [row.method, { route: row, readQuery: createQueryReader(row) }]),
    );
    app.all(path, async (c) => {
      const found = served.get(isGet(c) ? "GET" : c.req.method);
      if (found === undefined) return wrongMethod([...served.keys()]);
      return answer(c, found, limiter, feed).catch((error: unknown) =>
        error instanceof Refused
          ? problemResponse(error.told)
          : problemResponse(tell(error, c.get("requestId"))),
      );
    });
  }
  return app;
}

async function answer(
  c: HonoContext<Vars>,
  { route, readQuery }: Served,
  limiter: ReturnType<typeof createLimiter>,
  feed: Feed,
): Promise<Response> {
  const { caller, credential, hash } = c.get("admitted");
  const perMinute = c.env.adminRequestsPerMinute;
  const wait = limiter.take(hash, perMinute);
  if (wait > 0) {
    const { told, headers } = tooMany(`this token sent more than ${perMinute} requests per minute`, wait);
    return problemResponse(told, headers);
  }
  mustBe(caller, route.procedure.roles);
  const key = route.method === "POST" ? c.req.header("idempotency-key") : undefined;
  const query = readQuery(new URL(c.req.url).searchParams);
  const text = await textOf(c.req);
  const body = readBody(text, c.req.header("content-type"));
  if (!hasBody(route.method)) mustBeEmpty(body);
  const path = Object.fromEntries(pathFields(route.path).map((name) => [name, c.req.param(name) ?? ""]));
  const input = withPath({ ...query, ...body }, path);
  route.procedure.input.parse(input);
  const context: Context = {
    ...c.env,
    requestId: c.get("requestId"),
    traceparent: traceparentOf(c.req.raw),
    caller,
    credential,
    origin: originOf(c.req.raw, c.env),
    // No stream is reached from here.
    openStream: () => null,
    feed,
    isStillKnown: () => Promise.resolve(true),
  };
  const run = () => call(route, input, context, c.req.raw.signal);
  if (key === undefined) return respond(await run());
  const request = await keyed(credential.text, readKey(key), `${route.method} ${c.req.path}\n${text}`);
  return once(c.env.connection.db, request, run, (value) => withoutSecrets(value, route.secrets));
}

async function call(route: Route, input: RawInput, ctx: Context, signal: AbortSignal): Promise<Outcome> {
  const { path, type } = route.procedure;
  const getRawInput = () => Promise.resolve(input);
  try {
    const value: unknown = await callTRPCProcedure({
      router: appRouter,
      path,
      type,
      ctx,
      getRawInput,
      signal,
      batchIndex: 0,
    });
    return { ok: true, value };
  } catch (error) {
    return { ok: false, told: tell(error, ctx.requestId) };
  }
}

/** Values that are shown once are not stored: null replaces them. */
function withoutSecrets(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value !== "object" || value === null || secrets.length === 0) return value;
  return { ...value, ...Object.fromEntries(secrets.map((name) => [name, null])) };
}

function isGet(c: HonoContext<Vars>): boolean {
  return c.req.method === "GET" || c.req.method === "HEAD";
}

function wrongMethod(methods: string[]): Response {
  const allow = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
  return problemResponse(
    { code: "BAD_REQUEST", httpStatus: 405, message: `this address accepts ${allow}` },
    { allow },
  );
}
