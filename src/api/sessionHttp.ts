import type { Context } from "hono";
import { Hono } from "hono/tiny";
import type { RequestIdVariables } from "hono/request-id";
import { SESSION_ROLES, sessionInput, type SessionView } from "../contract/session.ts";
import { WarmpoolError } from "../domain/core/errors.ts";
import { type Person, sessionEnd, signIn, signInByCode, signOut } from "../domain/access/sessions.ts";
import { boundBody, readToItsEnd, textOf } from "./body.ts";
import { COOKIE, type Credential, credentialOf, refusedAs } from "./credential.ts";
import type { Edge } from "./edge.ts";
import type { Admitted, Gate } from "./gate.ts";
import { readBody, Refused } from "./http/input.ts";
import { problemResponse, tell } from "./http/problem.ts";
import { foreignOrigin, saysWhence } from "./origin.ts";

/** `/session`: a browser's sign-in and sign-out. The secret is in an HttpOnly cookie, which no script can read. */
type Vars = { Bindings: Edge; Variables: RequestIdVariables };

/** Large enough for a token, a code and their names. */
const MAX_BYTES = 4096;

export function createSessionHttp(gate: Gate): Hono<Vars> {
  const app = new Hono<Vars>();
  const problem = (c: Context<Vars>, error: unknown) =>
    problemResponse(error instanceof Refused ? error.told : tell(error, c.get("requestId")));
  const tooLarge = boundBody(
    (c) => Promise.resolve(problem(c, new Refused(413, "the body is too large for a token"))),
    MAX_BYTES,
  );
  app.post("/", tooLarge, async (c) => {
    // A page of somebody else could sign a person in as somebody else.
    const foreign = saysWhence(c.req.raw.headers) ? foreignOrigin(c.req.raw, c.env) : null;
    if (foreign !== null) return problem(c, new WarmpoolError("FORBIDDEN", foreign));
    const input = sessionInput.parse(readBody(await textOf(c.req), c.req.header("content-type")));
    const credential: Credential =
      "code" in input ? { as: "code", text: input.code } : { as: "bearer", text: input.token };
    const admitted = await gate.admit(c.env, credential, 1, c.get("requestId"));
    if ("told" in admitted) return problemResponse(admitted.told, admitted.headers);
    const { db } = c.env.connection;
    const person = personOf(admitted);
    const session =
      "code" in input
        ? await signInByCode(db, input.code, person, c.env.adminToken)
        : await signIn(db, person, c.env.adminToken);
    return withCookie(session.text, (Date.parse(session.expiresAt) - Date.now()) / 1000);
  });
  app.get("/", async (c) => {
    const credential = sessionOf(c);
    // Every page asks this first, so a browser that is not signed in yet is no refused caller.
    if (credential === null) throw new WarmpoolError("UNAUTHORIZED", "nobody is signed in");
    const admitted = await gate.admit(c.env, credential, 1, c.get("requestId"));
    if ("told" in admitted) return problemResponse(admitted.told, admitted.headers);
    const { name, role } = personOf(admitted);
    const expiresAt = await sessionEnd(c.env.connection.db, admitted.hash);
    if (expiresAt === null) throw new WarmpoolError("UNAUTHORIZED", refusedAs(admitted.credential));
    return c.json({ name, role, expiresAt } satisfies SessionView, 200, { "cache-control": "no-store" });
  });
  app.delete("/", async (c) => {
    await readToItsEnd(c.req.raw);
    const credential = sessionOf(c);
    if (credential === null) return withCookie("", 0);
    const foreign = foreignOrigin(c.req.raw, c.env);
    if (foreign !== null) return problem(c, new WarmpoolError("FORBIDDEN", foreign));
    const admitted = await gate.admit(c.env, credential, 1, c.get("requestId"));
    if (!("told" in admitted)) await signOut(c.env.connection.db, admitted.hash);
    else if (admitted.told.code !== "UNAUTHORIZED") return problemResponse(admitted.told, admitted.headers);
    return withCookie("", 0);
  });
  app.all("/", () => {
    const allow = "GET, HEAD, POST, DELETE";
    return problemResponse(new Refused(405, `this address accepts ${allow}`).told, { allow });
  });
  app.onError((error, c) => problem(c, error));
  return app;
}

/** The session of the cookie, regardless of a token. */
function sessionOf(c: Context<Vars>): Credential | null {
  const cookie = c.req.header("cookie");
  return cookie === undefined ? null : credentialOf(new Headers({ cookie }));
}

/** @throws WarmpoolError FORBIDDEN for a role that may not use the dashboard. */
function personOf({ caller }: Admitted): Person {
  const { role, name, token } = caller;
  if (role === "admin" || role === "viewer") return { role, name, token };
  throw new WarmpoolError(
    "FORBIDDEN",
    `a token with the role ${role} cannot sign in to the dashboard; use one with ${SESSION_ROLES.join(" or ")}`,
  );
}

function withCookie(text: string, seconds: number): Response {
  const age = Math.max(0, Math.floor(seconds));
  return new Response(null, {
    status: 204,
    headers: {
      "set-cookie": `${COOKIE}=${text}; Path=/; Max-Age=${age}; HttpOnly; Secure; SameSite=Strict`,
      "cache-control": "no-store",
    },
  });
}
